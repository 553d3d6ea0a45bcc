// Prints who the profile is.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const caller = await new STSClient().send(new GetCallerIdentityCommand());
console.log(caller.Arn);
