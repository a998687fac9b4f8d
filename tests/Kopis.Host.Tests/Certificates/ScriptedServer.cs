using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Kopis.Host.Certificates.Protocol;

namespace Kopis.Host.Tests.Certificates;

/// <summary>Answers as a test says, one answer for each request, and keeps what was asked.
/// </summary>
internal sealed class ScriptedServer : IAcmeTransport
{
    internal const string Directory = """
        {"newNonce":"https://ca.example/nonce","newAccount":"https://ca.example/account",
         "newOrder":"https://ca.example/order"}
        """;

    private readonly Queue<AcmeResponse> _answers = [];

    /// <summary>Method, URL, and for a POST its nonce and payload.</summary>
    internal List<string> Asked { get; } = [];

    internal ScriptedServer Then(
        int status, string body = "", string? nonce = null, string? location = null,
        int? retryAfter = null)
    {
        _answers.Enqueue(new AcmeResponse(status, Encoding.UTF8.GetBytes(body))
        {
            Nonce = nonce,
            Location = location,
            RetryAfter = retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            MediaType = "application/json",
        });
        return this;
    }

    public Task<AcmeResponse> GetAsync(string url, CancellationToken stop) => Answer($"GET {url}");

    public Task<AcmeResponse> HeadAsync(string url, CancellationToken stop) =>
        Answer($"HEAD {url}");

    public Task<AcmeResponse> PostAsync(string url, byte[] body, CancellationToken stop)
    {
        JsonElement json = JsonDocument.Parse(body).RootElement;
        JsonElement head = JsonDocument.Parse(Base64Url.DecodeFromChars(
            json.GetProperty("protected").GetString())).RootElement;
        string payload = Encoding.UTF8.GetString(
            Base64Url.DecodeFromChars(json.GetProperty("payload").GetString()));
        Assert.Equal(url, head.GetProperty("url").GetString());
        return Answer($"POST {url} {head.GetProperty("nonce").GetString()} {payload}".TrimEnd());
    }

    private Task<AcmeResponse> Answer(string asked)
    {
        Asked.Add(asked);
        return Task.FromResult(_answers.Dequeue());
    }
}
