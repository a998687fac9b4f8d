using System.Buffers;
using System.Text;
using CsCheck;
using Kopis.Mail.Pop3;
using Kopis.Mail.Sasl;

namespace Kopis.Mail.Tests;

public class Pop3LoginTests
{
    [Fact]
    public void The_digest_of_apop_is_passed_on()
    {
        Pop3Login login = new("<1.2@host>"u8.ToArray(), Offer);
        ArrayBufferWriter<byte> reply = new();
        Assert.Equal(Pop3LoginStep.Check, login.OnLine("APOP joe  d41d8c"u8, reply));
        Assert.Equal("<1.2@host>"u8, login.Question.AuthMessage);
        Assert.Equal("joe\0 d41d8c\0<1.2@host>\0"u8, login.DetachFields());
        Assert.Equal(0, reply.WrittenCount);
    }

    [Fact]
    public void Spaces_at_a_passwords_end_are_its_own()
    {
        Pop3Login login = new([], Offer);
        ArrayBufferWriter<byte> reply = new();
        login.OnLine("USER joe"u8, reply);
        Assert.Equal(Pop3LoginStep.Check, login.OnLine("PASS  two words "u8, reply));
        Assert.Equal("two words "u8, login.Question.Secret);
    }

    [Theory] // RFC 2595 §4.
    [InlineData("STLS", Pop3LoginStep.StartTls, "")]
    [InlineData("stls", Pop3LoginStep.StartTls, "")]
    [InlineData("STLS now", Pop3LoginStep.NextLine, "-ERR syntax error\r\n")]
    public void Tls_is_begun_where_it_is_offered(string line, Pop3LoginStep step, string said)
    {
        ArrayBufferWriter<byte> reply = new();
        Pop3Login login = new([], Offer with { Tls = true });
        Assert.Equal(step, login.OnLine(Encoding.ASCII.GetBytes(line), reply));
        Assert.Equal(said, Encoding.ASCII.GetString(reply.WrittenSpan));
        login.OnLine("CAPA"u8, reply);
        Assert.Contains("\r\nSTLS\r\n", Encoding.ASCII.GetString(reply.WrittenSpan));
        login = new Pop3Login([], Offer);
        reply.ResetWrittenCount();
        Assert.Equal(
            Pop3LoginStep.NextLine, login.OnLine(Encoding.ASCII.GetBytes(line), reply));
        login.OnLine("CAPA"u8, reply);
        Assert.StartsWith(
            "-ERR authorization first\r\n+OK", Encoding.ASCII.GetString(reply.WrittenSpan));
        Assert.DoesNotContain("STLS", Encoding.ASCII.GetString(reply.WrittenSpan));
    }

    [Fact]
    public void Patience_ends()
    {
        Pop3Login login = new([], Offer);
        ArrayBufferWriter<byte> reply = new();
        for (int i = 1; i < Pop3Limits.LinesBeforeLoginMax; i++)
        {
            Assert.Equal(Pop3LoginStep.NextLine, login.OnLine("NOOP"u8, reply));
        }

        Assert.Equal(Pop3LoginStep.Close, login.OnLine("NOOP"u8, reply));
    }

    [Fact]
    public void No_line_makes_a_field_with_a_nul() =>
        Gen.Select(Gen.Int[0, 4], Gen.Byte.Array[0, 60])
            .Sample((verb, rest) =>
            {
                string[] verbs = ["USER ", "PASS ", "APOP ", "AUTH PLAIN ", ""];
                Pop3Login login = new([], Offer);
                ArrayBufferWriter<byte> reply = new();
                login.OnLine("USER x"u8, reply);
                byte[] line = [.. Encoding.ASCII.GetBytes(verbs[verb]), .. rest];
                return login.OnLine(line, reply) != Pop3LoginStep.Check
                    || login.DetachFields().AsSpan().Count((byte)0) == 3;
            });

    [Fact]
    public void Plain_takes_what_a_client_encodes() =>
        Gen.Select(Gen.Char['!', '~'].Array[1, 20], Gen.Char[' ', '~'].Array[1, 20])
            .Sample((name, secret) =>
            {
                Pop3Login login = new([], Offer);
                string text = $"\0{new string(name)}\0{new string(secret)}";
                string base64 = Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
                byte[] line = Encoding.ASCII.GetBytes("auth plain " + base64);
                bool check = login.OnLine(line, new ArrayBufferWriter<byte>())
                    == Pop3LoginStep.Check;
                SaslQuestion got = login.Question;
                return check && Encoding.ASCII.GetString(got.Name) == new string(name)
                    && Encoding.ASCII.GetString(got.Secret) == new string(secret);
            });

    [Fact]
    public void Passwords_that_others_could_read_are_not_taken()
    {
        Pop3Login login = new(
            [], new Pop3Offer(Tls: true, Passwords: false, new SaslOffer([], null)));
        Assert.Equal("-ERR STLS first\r\n", Say(login, "USER joe"));
        Assert.Equal("-ERR STLS first\r\n", Say(login, "PASS x"));
        Assert.Equal("-ERR STLS first\r\n", Say(login, "AUTH PLAIN AGEAYg=="));
        string offered = Say(login, "CAPA");
        Assert.DoesNotContain("USER\r\nSASL", offered);
        Assert.DoesNotContain("SASL", offered);
        Assert.Contains("\r\nSTLS\r\n", offered);

        // A digest is no password.
        Assert.Equal(
            Pop3LoginStep.Check, login.OnLine("APOP joe d4"u8, new ArrayBufferWriter<byte>()));
    }

    [Fact] // RFC 6856.
    public void After_utf8_all_is_utf8_and_tls_comes_no_more()
    {
        Pop3Login login = new([], Offer with { Tls = true });
        Assert.Contains("\r\nUTF8 USER\r\n", Say(login, "CAPA"));
        Assert.Equal("+OK \r\n", Say(login, "USER j\xf6"));
        Assert.Equal("-ERR syntax error\r\n", Say(login, "UTF8 x"));
        Assert.Equal("+OK \r\n", Say(login, "utf8"));
        Assert.Equal("-ERR syntax error\r\n", Say(login, "USER j\xf6"));
        Assert.Equal("+OK \r\n", Say(login, "USER j\xc3\xb6"));
        Assert.Equal("-ERR authorization first\r\n", Say(login, "STLS"));
    }

    [Theory] // RFC 5034 §4, RFC 5802.
    [InlineData(SaslStep.Done, Pop3LoginStep.Accepted)]
    [InlineData(SaslStep.Failed, Pop3LoginStep.Refused)]
    [InlineData(SaslStep.Later, Pop3LoginStep.Later)]
    public void An_exchange_ends_as_its_judge_says(SaslStep judged, Pop3LoginStep end)
    {
        Pop3Login login = new([], Offer);
        ArrayBufferWriter<byte> reply = new();
        Assert.Equal("+ \r\n", Say(login, "AUTH SCRAM-SHA-256"));
        Assert.Equal(SaslExchange.LineBytesMax, login.LineBytesMax);
        Assert.Equal(Pop3LoginStep.Check, login.OnLine(Base64("n,,n=joe,r=abc"), reply));
        Assert.Equal(SaslQuestionKind.Salt, login.Question.Kind);
        Assert.Equal(
            Pop3LoginStep.NextLine, login.OnAnswer(SaslAnswer.Of([1, 2], 4096), reply));
        string challenge = Encoding.ASCII.GetString(
            Convert.FromBase64String(Encoding.ASCII.GetString(reply.WrittenSpan[2..^2])));
        string nonce = challenge["r=".Length..challenge.IndexOf(',', StringComparison.Ordinal)];
        string proof = Convert.ToBase64String(new byte[32]);
        Assert.Equal(
            Pop3LoginStep.Check, login.OnLine(Base64($"c=biws,r={nonce},p={proof}"), reply));
        Assert.Equal(SaslQuestionKind.Proof, login.Question.Kind);
        SaslAnswer answer = judged == SaslStep.Done ? SaslAnswer.Yes("joe@x", [7])
            : judged == SaslStep.Failed ? SaslAnswer.No
            : SaslAnswer.Later;
        reply.ResetWrittenCount();
        Pop3LoginStep step = login.OnAnswer(answer, reply);
        if (judged == SaslStep.Done)
        {
            Assert.Equal("+ dj1Cdz09\r\n"u8, reply.WrittenSpan); // v=Bw==
            step = login.OnLine([], reply);
            Assert.Equal("joe@x", login.Account);
        }

        Assert.Equal(end, step);
    }

    [Fact]
    public void An_exchange_may_be_taken_back()
    {
        Pop3Login login = new([], Offer);
        Say(login, "AUTH LOGIN");
        Assert.Equal("-ERR authorization cancelled\r\n", Say(login, "*"));
        Assert.Equal("-ERR unimplemented\r\n", Say(login, "AUTH SCRAM-SHA-256-PLUS"));
        Assert.Equal("+ VXNlcm5hbWU6\r\n", Say(login, "AUTH LOGIN"));
        login.OnLineTooLong(new ArrayBufferWriter<byte>());
        Assert.Equal("+OK \r\n", Say(login, "NOOP"));
    }

    [Fact] // RFC 2449 §8.
    public void Codes_are_for_those_who_know_of_them()
    {
        Pop3Login login = new([], Offer);
        Assert.False(login.KnowsCodes);
        Assert.Contains("\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n", Say(login, "CAPA"));
        Assert.True(login.KnowsCodes);
        Assert.Equal(
            "-ERR [AUTH] authorization failed\r\n"u8,
            Pop3Code.Add(Pop3Reply.AuthorizationFailed, Pop3Code.Auth, knows: true));
        Assert.Equal(
            Pop3Reply.AuthorizationFailed,
            Pop3Code.Add(Pop3Reply.AuthorizationFailed, Pop3Code.Auth, knows: false));
    }

    private static Pop3Offer Offer =>
        new(Tls: false, Passwords: true, new SaslOffer(SaslOffer.All, null));

    private static string Say(Pop3Login login, string line)
    {
        ArrayBufferWriter<byte> reply = new();
        Assert.Equal(Pop3LoginStep.NextLine, login.OnLine(Encoding.Latin1.GetBytes(line), reply));
        return Encoding.ASCII.GetString(reply.WrittenSpan);
    }

    private static byte[] Base64(string text) =>
        Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.ASCII.GetBytes(text)));
}
