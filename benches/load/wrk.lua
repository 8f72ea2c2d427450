-- Sends the requests of a file in turn, and prints the figures that `wrk.rs` reads.
-- In the file the requests stand whole, as they go over the wire, with a zero byte after each.

local requests, turn = {}, 0

function init(arguments)
   local file = assert(io.open(arguments[1], "rb"))
   for request in file:read("*a"):gmatch("[^%z]+") do
      requests[#requests + 1] = request
   end
   file:close()
end

function request()
   turn = turn % #requests + 1
   return requests[turn]
end

function done(summary, latency)
   local errors = summary.errors
   -- Microseconds; what was not answered with a success; what was not answered.
   print(string.format("figures %d %d %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50),
      latency:percentile(99), latency:percentile(99.9), errors.status,
      errors.connect + errors.read + errors.write + errors.timeout))
end
