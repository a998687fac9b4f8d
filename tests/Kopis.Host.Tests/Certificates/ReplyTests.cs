using System.Text;
using Kopis.Host.Certificates.Challenges;
using Kopis.Host.Certificates.Protocol;

namespace Kopis.Host.Tests.Certificates;

public sealed class ReplyTests
{
    [Fact]
    public void An_order()
    {
        AcmeOrder order = AcmeOrder.Parse(Bytes("""
            {"status":"valid","authorizations":["https://ca.example/a/1","https://ca.example/a/2"],
             "finalize":"https://ca.example/f","certificate":"https://ca.example/c","more":{"a":[]},
             "error":{"type":"urn:ietf:params:acme:error:caa","detail":"no","subproblems":[
              {"detail":"forbidden","identifier":{"type":"dns","value":"mx.example"}}]}}
            """));
        Assert.Equal("valid", order.Status);
        Assert.Equal(2, order.Authorizations.Count);
        Assert.Equal("https://ca.example/c", order.Certificate);
        Assert.Equal(new AcmeProblem("caa", "no; mx.example: forbidden"), order.Error);
    }

    [Fact]
    public void An_authorization_with_ways_that_are_not_ours()
    {
        const string token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJyPCt92wr-oA";
        AcmeAuthorization found = AcmeAuthorization.Parse(Bytes($$"""
            {"status":"pending","identifier":{"type":"dns","value":"MX.example"},"challenges":[
             {"type":"x-new","url":"https://ca.example/x"},
             {"type":"http-01","url":"https://ca.example/h","token":"{{token}}"}]}
            """));
        Assert.Equal("mx.example", found.Name);
        Assert.Equal(token, found.Find("http-01")!.Token);
        Assert.Null(found.Find("x-new"));
        Assert.Null(found.Find("tls-alpn-01"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"status\":\"ready\"}")]
    [InlineData("{\"status\":\"ready\",\"authorizations\":[],\"finalize\":\"http://ca.example\"}")]
    [InlineData("{\"status\":\"ready\",\"authorizations\":[7],\"finalize\":\"https://a.example\"}")]
    [InlineData("{\"status\":7,\"authorizations\":[],\"finalize\":\"https://a.example/\"}")]
    [InlineData("{\"status\":\"a\",\"status\":\"b\",\"authorizations\":[],"
        + "\"finalize\":\"https://a.example/\"}")]
    [InlineData("{\"status\":\"\\ud800\",\"authorizations\":[],"
        + "\"finalize\":\"https://a.example\"}")]
    [InlineData("{\"status\":\"ready\",\"authorizations\":[],\"finalize\":\"https://a.example/\"")]
    [InlineData("{\"status\":\"ready\",\"authorizations\":[\"\\udc00\"],"
        + "\"finalize\":\"https://a.example/\"}")]
    [InlineData("{\"\\ud800\":1,\"\\ud800\":1}")]
    public void What_is_no_order_is_an_outcome_and_no_crash(string body) =>
        Assert.Throws<AcmeException>(() => AcmeOrder.Parse(Bytes(body)));

    [Fact]
    public void Lists_and_depths_have_an_end()
    {
        string many = string.Join(',', Enumerable.Repeat("\"https://a.example/\"", 101));
        Assert.Throws<AcmeException>(() => AcmeOrder.Parse(Bytes(
            "{\"status\":\"ready\",\"authorizations\":[" + many
            + "],\"finalize\":\"https://a.example/\"}")));
        string deep = new string('[', 100) + new string(']', 100);
        Assert.Throws<AcmeException>(() => AcmeJson.Parse(Bytes($$"""{"a":{{deep}}}""")));
        Assert.Throws<AcmeException>(() => AcmeJson.CheckedUrl(
            "https://a.example/" + new string('a', 2048), "url"));
    }

    [Theory]
    [InlineData("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJyPCt92wr-oA", true)]
    [InlineData("short", false)]
    [InlineData("../../../../../../../etc/passwd", false)]
    [InlineData("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJyPCt92wr-oA=", false)]
    [InlineData("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJyPCt92wr\noA", false)]
    public void A_token_is_a_harmless_name(string token, bool good) =>
        Assert.Equal(good, AcmeChallenge.IsToken(token));

    [Theory]
    [InlineData("GET /.well-known/acme-challenge/abc HTTP/1.1\r\nHost: a\r\n\r\n", "abc")]
    [InlineData("GET /.well-known/acme-challenge/abc HTTP/1.0\r\n\r\n", "abc")]
    [InlineData("GET /.well-known/acme-challenge/abc HTTP/2.0\r\n\r\n", "")]
    [InlineData("GET /.well-known/acme-challenge/abc\r\n\r\n", "")]
    [InlineData("POST /.well-known/acme-challenge/abc HTTP/1.1\r\n\r\n", "")]
    [InlineData("GET /.well-known/acme-challenge/ HTTP/1.1\r\n\r\n", "")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "")]
    [InlineData("GET /.well-known/acme-challenge/a\rc HTTP/1.1\r\n\r\n", "")]
    [InlineData("GET /.well-known/acme-challenge/a\nc HTTP/1.1\r\n\r\n", "")]
    [InlineData("GET  /.well-known/acme-challenge/abc HTTP/1.1\r\n\r\n", "")]
    [InlineData("", "")]
    [InlineData("\r\n\r\n", "")]
    public void A_request_for_a_token(string request, string token) =>
        Assert.Equal(token, Encoding.ASCII.GetString(
            HttpRequestLine.Token(Encoding.ASCII.GetBytes(request))));

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
