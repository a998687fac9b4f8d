using System.Net;
using Kopis.Host.Certificates;
using Kopis.Host.Certificates.Protocol;

namespace Kopis.Host.Tests.Certificates;

public sealed class SessionTests : IDisposable
{
    private const string BadNonce =
        """{"type":"urn:ietf:params:acme:error:badNonce","detail":"no"}""";

    private readonly AccountKey _key = AccountKey.Create();
    private readonly ScriptedServer _server = new();

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task A_nonce_is_asked_for_once_and_then_comes_along()
    {
        _server.Then(200, ScriptedServer.Directory).Then(200, nonce: "n1")
            .Then(201, "{}", "n2", "https://ca.example/acct/1").Then(200, "{}", "n3");
        AcmeSession session = await SignInAsync();
        await session.ReadAsync("https://ca.example/thing", default);
        Assert.Equal(
            [
                "GET https://ca.example/dir", "HEAD https://ca.example/nonce",
                "POST https://ca.example/account n1 {\"termsOfServiceAgreed\":true,"
                    + "\"contact\":[\"mailto:a@b.example\"]}",
                "POST https://ca.example/thing n2",
            ],
            _server.Asked);
    }

    [Fact]
    public async Task A_bad_nonce_is_another_try_with_the_one_that_came()
    {
        _server.Then(200, ScriptedServer.Directory).Then(200, nonce: "n1")
            .Then(400, BadNonce, "n2").Then(400, BadNonce).Then(200, nonce: "n3")
            .Then(200, "{}", "n4", "https://ca.example/acct/1");
        await SignInAsync();
        Assert.Equal(
            ["n1", "n2", "n3"],
            _server.Asked.Where(one => one.StartsWith("POST", StringComparison.Ordinal))
                .Select(one => one.Split(' ')[2]));
    }

    [Fact]
    public async Task Bad_nonces_without_end_are_an_error()
    {
        _server.Then(200, ScriptedServer.Directory).Then(200, nonce: "n0");
        for (int i = 1; i <= 10; i++)
        {
            _server.Then(400, BadNonce, $"n{i}");
        }

        AcmeException error = await Assert.ThrowsAsync<AcmeException>(SignInAsync);
        Assert.Equal("https://ca.example/account: badNonce: no", error.Message);
        Assert.Equal(111, error.Code);
        Assert.Equal(12, _server.Asked.Count);
    }

    [Theory]
    [InlineData("rateLimited", 429, 111)]
    [InlineData("serverInternal", 500, 111)]
    [InlineData("unauthorized", 403, 111)]
    [InlineData("rejectedIdentifier", 400, 100)]
    [InlineData("externalAccountRequired", 403, 100)]
    public async Task A_refusal_is_told_in_the_servers_words(string word, int status, int code)
    {
        _server.Then(200, ScriptedServer.Directory).Then(200, nonce: "n1").Then(
            status,
            $$"""{"type":"urn:ietf:params:acme:error:{{word}}","detail":"a\nb\u001b[31m"}""",
            "n2", retryAfter: 7200);
        AcmeException error = await Assert.ThrowsAsync<AcmeException>(SignInAsync);
        Assert.Equal($"https://ca.example/account: {word}: a?b?[31m", error.Message);
        Assert.Equal(code, error.Code);
        Assert.Equal(TimeSpan.FromHours(2), error.RetryAfter);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{\"type\":7}")]
    [InlineData("{\"detail\":\"\"}")]
    public async Task A_refusal_without_a_word_is_its_status(string body)
    {
        _server.Then(200, ScriptedServer.Directory).Then(200, nonce: "n1").Then(503, body);
        AcmeException error = await Assert.ThrowsAsync<AcmeException>(SignInAsync);
        Assert.Equal("https://ca.example/account: HTTP status 503", error.Message);
    }

    [Fact]
    public async Task Terms_that_nobody_agreed_to_end_it()
    {
        _server.Then(200, ScriptedServer.Directory.TrimEnd()[..^1]
            + ",\"meta\":{\"termsOfService\":\"https://ca.example/terms\"}}");
        AcmeException error =
            await Assert.ThrowsAsync<AcmeException>(() => SignInAsync(agreed: false));
        Assert.Equal(100, error.Code);
        Assert.Contains("https://ca.example/terms", error.Message, StringComparison.Ordinal);
        Assert.Single(_server.Asked);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\"b")]
    public async Task What_is_no_nonce_is_not_used(string? nonce)
    {
        _server.Then(200, ScriptedServer.Directory).Then(200, nonce: nonce);
        AcmeException error = await Assert.ThrowsAsync<AcmeException>(SignInAsync);
        Assert.Equal("https://ca.example/nonce: no nonce", error.Message);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("/acct/1")]
    [InlineData("http://ca.example/acct/1")]
    public async Task An_account_without_a_good_place_is_none(string? location)
    {
        _server.Then(200, ScriptedServer.Directory).Then(200, nonce: "n1")
            .Then(201, "{}", "n2", location);
        await Assert.ThrowsAsync<AcmeException>(SignInAsync);
    }

    private Task<AcmeSession> SignInAsync() => SignInAsync(agreed: true);

    private async Task<AcmeSession> SignInAsync(bool agreed)
    {
        AcmeSession session = new(_server, _key);
        await session.SignInAsync(
            new AcmeSettings(
                new Uri("https://ca.example/dir"), agreed, ["mailto:a@b.example"], ["mx.example"],
                ChallengeKind.Http, null, new IPEndPoint(IPAddress.Loopback, 80)),
            default);
        return session;
    }
}
