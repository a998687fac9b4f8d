using System.Text;
using CsCheck;
using Kopis.Mail.Sasl;
using Kopis.Mail.SaslClient;
using Kopis.Mail.SmtpClient;

namespace Kopis.Mail.Tests;

/// <summary>The client's side of SASL, by the examples of the RFCs and against servers that lie.
/// </summary>
public class SaslClientTests
{
    // RFC 7677 §3.
    private const string Nonce = "rOprNGfwEbeRWgbNEkqO";
    private const string Both = Nonce + "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private const string ServerFirst = $"r={Both},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private const string ServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    [Fact]
    public void Scram_of_RFC_7677()
    {
        ScramClient client = Scram();
        Assert.Equal($"n,,n=user,r={Nonce}", Text(client.Begin()));
        Assert.False(client.IsDone);
        Assert.Equal(
            $"c=biws,r={Both},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            Text(client.Respond(Bytes(ServerFirst))));
        Assert.False(client.IsDone);
        Assert.Equal("", Text(client.Respond(Bytes(ServerFinal))));
        Assert.True(client.IsDone);
        Assert.Null(client.Respond([]));
        Assert.False(client.IsDone);
    }

    [Theory]
    [InlineData("")]
    [InlineData("e=other-error")]
    [InlineData($"m=ext,r={Both},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData($"r={Nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")] // Nothing of the server's.
    [InlineData("r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData($"r={Both} ,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData($"r={Both},s=,i=4096")]
    [InlineData($"r={Both},s=W22Za,i=4096")]
    [InlineData($"r={Both},s=W22Z aJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData($"r={Both},s=W22ZaJ0SNY7soEsUEjb6gQ==")]
    [InlineData($"r={Both},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=")]
    [InlineData($"r={Both},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096x")]
    [InlineData($"r={Both},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095")] // RFC 7677 §4.
    [InlineData($"r={Both},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001")]
    [InlineData($"r={Both},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1")]
    [InlineData($"r={Both},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999")]
    public void A_first_message_that_is_not_one_ends_it(string message)
    {
        ScramClient client = Scram();
        client.Begin();
        Assert.Null(client.Respond(Bytes(message)));
        Assert.Null(client.Respond(Bytes(ServerFirst)));
        Assert.Null(client.Respond(Bytes(ServerFinal)));
        Assert.False(client.IsDone);
    }

    [Theory]
    [InlineData("")]
    [InlineData("v=")]
    [InlineData("e=invalid-proof")]
    [InlineData("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=")]
    [InlineData("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    public void A_server_that_does_not_know_the_password_is_not_believed(string message)
    {
        ScramClient client = Scram();
        client.Begin();
        Assert.NotNull(client.Respond(Bytes(ServerFirst)));
        Assert.Null(client.Respond(Bytes(message)));
        Assert.False(client.IsDone);
        Assert.Contains("does not prove", client.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void The_others()
    {
        PlainClient plain = new(Bytes("tim"), Bytes("tanstaaftanstaaf"));
        Assert.Equal("\0tim\0tanstaaftanstaaf", Text(plain.Begin()));
        Assert.True(plain.IsDone);
        Assert.Null(plain.Respond([]));

        LoginClient login = new(Bytes("tim"), Bytes("secret"));
        Assert.Null(login.Begin());
        Assert.Equal("tim", Text(login.Respond(Bytes("Username:"))));
        Assert.False(login.IsDone);
        Assert.Equal("secret", Text(login.Respond(Bytes("Password:"))));
        Assert.True(login.IsDone);
        Assert.Null(login.Respond([]));
    }

    [Fact]
    public void Bearer_of_RFC_7628()
    {
        BearerClient client = new(
            true, Bytes("user@example.com"), Bytes("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="),
            "server.example.com", 143);
        Assert.Equal(
            "n,a=user@example.com,\u0001host=server.example.com\u0001port=143\u0001"
            + "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\u0001\u0001",
            Text(client.Begin()));
        Assert.True(client.IsDone);
        Assert.Equal("\u0001", Text(client.Respond(Bytes("{\"status\":\"invalid_token\"}"))));
        Assert.False(client.IsDone);
        Assert.Null(client.Respond([]));
    }

    [Fact]
    public void XOAuth2_as_Google_has_it()
    {
        BearerClient client = new(
            false, Bytes("someuser@example.com"),
            Bytes("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"),
            "", 0);
        Assert.Equal(
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQm"
            + "hkSFJoZG1semRHRXVZMjl0Q2cBAQ==", Convert.ToBase64String(client.Begin()));
        Assert.Equal("", Text(client.Respond(Bytes("{}"))));
    }

    [Fact]
    public void A_name_is_escaped_so_that_the_server_reads_it() =>
        Gen.String[Gen.Char[' ', '~'], 1, 30].Sample(name =>
        {
            Assert.True(SaslName.TryDecode(SaslName.Encode(Bytes(name)), out byte[]? read));
            Assert.Equal(name, Text(read));
        });

    [Theory]
    [InlineData("PLAIN LOGIN SCRAM-SHA-256", null, "SCRAM-SHA-256")]
    [InlineData("LOGIN PLAIN XOAUTH2", null, "PLAIN")]
    [InlineData("login", null, "LOGIN")]
    [InlineData("PLAIN LOGIN SCRAM-SHA-256", "LOGIN", "LOGIN")]
    [InlineData("PLAIN", "SCRAM-SHA-256", null)]
    [InlineData("XOAUTH2 OAUTHBEARER SCRAM-SHA-256-PLUS CRAM-MD5", null, null)]
    [InlineData("", null, null)]
    public void The_strongest_that_is_offered(string offered, string? only, string? chosen) =>
        Assert.Equal(
            chosen,
            SaslClientChoice.WithPassword(Offer(offered), only, [1], [1])?.Name);

    [Theory]
    [InlineData("XOAUTH2 PLAIN OAUTHBEARER", null, "OAUTHBEARER")]
    [InlineData("XOAUTH2 PLAIN", null, "XOAUTH2")]
    [InlineData("XOAUTH2 OAUTHBEARER", "XOAUTH2", "XOAUTH2")]
    [InlineData("PLAIN LOGIN SCRAM-SHA-256", null, null)]
    public void A_token_goes_by_mechanisms_of_tokens(
        string offered, string? only, string? chosen) =>
        Assert.Equal(
            chosen,
            SaslClientChoice.WithToken(Offer(offered), only, [1], [1], ("h", 1))?.Name);

    private static ScramClient Scram() => new(Bytes("user"), Bytes("pencil"), Bytes(Nonce));

    private static AuthMechanisms Offer(string words) =>
        ServerOffers.Parse(Bytes($"250-server\n250-SIZE\n250 AUTH {words}\n")).Auth;

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private static string Text(byte[]? bytes) => Encoding.ASCII.GetString(bytes!);
}
