# Prints who the profile is, and given "stdin" then the SHA-256 of standard
# input. Debian's SDK knows no AWS_ENDPOINT_URL_STS yet.
require "aws-sdk-core"
require "digest"

sts = Aws::STS::Client.new(endpoint: ENV.fetch("AWS_ENDPOINT_URL_STS"))
puts sts.get_caller_identity.arn
puts Digest::SHA256.hexdigest($stdin.binmode.read) if ARGV.include?("stdin")
