"""Measurements, each beside what it is measured against, in the same run and in turns.

local       the local stack against the bare engine with boto3, at the same two writes a request
cold-start  the processor's initialisation against `import boto3; boto3.client("dynamodb")`
numbering   the numbering protocol against three plainer ones: what each costs, how fast it is, and whether it holds
"""
