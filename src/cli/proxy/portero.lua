-- Asks Portero before HAProxy sends a request on to an app. `portero proxy lua` prints this file. For HAProxy 2.5 and later.
--
--   http-request lua.portero_check ADDRESS ORIGIN
--
-- ADDRESS is where Portero answers, ORIGIN is where people reach the app. Without a yes of Portero's the request ends here.

local IDENTITY = { "remote-user", "remote-name", "remote-email", "remote-groups", "x-portero-assertion" }

-- They belong to the connection or to the body, or are set below.
local NOT_SENT = {
    ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true, ["keep-alive"] = true,
    ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
    ["x-original-method"] = true, ["x-original-url"] = true,
}
-- Of Portero's answer: HAProxy makes these itself.
local NOT_ANSWERED = { ["connection"] = true, ["content-length"] = true, ["keep-alive"] = true, ["transfer-encoding"] = true }

local function question(txn, origin)
    local headers = {}
    for name, values in pairs(txn.http:req_get_headers()) do
        if not NOT_SENT[name] then
            headers[name] = {}
            -- This table begins with 0.
            local at = 0
            while values[at] ~= nil do
                table.insert(headers[name], values[at])
                at = at + 1
            end
        end
    end
    headers["host"] = { string.gsub(origin, "^https://", "") .. "" }
    headers["x-original-method"] = { txn.f:method() }
    headers["x-original-url"] = { origin .. txn.f:pathq() }
    return headers
end

local function refuse(txn, status, headers, body)
    local reply = txn:reply { status = status }
    for name, values in pairs(headers) do
        if not NOT_ANSWERED[name] then
            for _, value in pairs(values) do
                reply:add_header(name, value)
            end
        end
    end
    reply:set_body(body)
    txn:done(reply)
end

core.register_action("portero_check", { "http-req" }, function(txn, address, origin)
    local asked, answer = pcall(function()
        return core.httpclient():get { url = address, headers = question(txn, origin), timeout = 10000 }
    end)
    if not asked or answer == nil or answer.status == nil or answer.status < 200 then
        core.Alert("portero_check: no answer from " .. address)
        return refuse(txn, 503, { ["content-type"] = { "text/plain" }, ["retry-after"] = { "5" } }, "Portero does not answer.\n")
    end
    if answer.status > 299 then
        return refuse(txn, answer.status, answer.headers or {}, answer.body or "")
    end
    for _, name in ipairs(IDENTITY) do
        txn.http:req_del_header(name)
        for _, value in pairs((answer.headers or {})[name] or {}) do
            txn.http:req_set_header(name, value)
        end
    end
end, 2)
