"""Prints who the profile is. Debian's boto3 knows no AWS_ENDPOINT_URL_STS yet."""

import os

import boto3

sts = boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL_STS"])
print(sts.get_caller_identity()["Arn"])
