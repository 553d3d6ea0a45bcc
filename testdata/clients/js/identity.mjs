// Prints who the profile is, and given "stdin" then the SHA-256 of standard input.
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const caller = await new STSClient().send(new GetCallerIdentityCommand());
console.log(caller.Arn);
if (process.argv.includes("stdin")) {
  console.log(createHash("sha256").update(await buffer(process.stdin)).digest("hex"));
}
