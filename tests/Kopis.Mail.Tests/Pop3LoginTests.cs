using System.Buffers;
using System.Text;
using CsCheck;

namespace Kopis.Mail.Tests;

public class Pop3LoginTests
{
    [Fact]
    public void The_digest_of_apop_is_passed_on()
    {
        Pop3Login login = new("<1.2@host>"u8.ToArray(), offersTls: false);
        ArrayBufferWriter<byte> reply = new();
        Assert.Equal(Pop3LoginStep.Check, login.OnLine("APOP joe  d41d8c"u8, reply));
        Pop3Credentials credentials = login.TakeCredentials();
        Assert.Equal("joe\0 d41d8c\0<1.2@host>\0"u8, credentials.ToFields(login.Stamp));
        Assert.Equal(0, reply.WrittenCount);
    }

    [Fact]
    public void Spaces_at_a_passwords_end_are_its_own()
    {
        Pop3Login login = new([], offersTls: false);
        ArrayBufferWriter<byte> reply = new();
        login.OnLine("USER joe"u8, reply);
        Assert.Equal(Pop3LoginStep.Check, login.OnLine("PASS  two words "u8, reply));
        Assert.Equal("two words "u8, login.TakeCredentials().Secret);
    }

    [Theory] // RFC 2595 §4.
    [InlineData("STLS", Pop3LoginStep.StartTls, "")]
    [InlineData("stls", Pop3LoginStep.StartTls, "")]
    [InlineData("STLS now", Pop3LoginStep.NextLine, "-ERR syntax error\r\n")]
    public void Tls_is_begun_where_it_is_offered(string line, Pop3LoginStep step, string said)
    {
        ArrayBufferWriter<byte> reply = new();
        Pop3Login login = new([], offersTls: true);
        Assert.Equal(step, login.OnLine(Encoding.ASCII.GetBytes(line), reply));
        Assert.Equal(said, Encoding.ASCII.GetString(reply.WrittenSpan));
        login.OnLine("CAPA"u8, reply);
        Assert.Contains("\r\nSTLS\r\n", Encoding.ASCII.GetString(reply.WrittenSpan));
        login = new Pop3Login([], offersTls: false);
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
        Pop3Login login = new([], offersTls: false);
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
                Pop3Login login = new([], offersTls: false);
                ArrayBufferWriter<byte> reply = new();
                login.OnLine("USER x"u8, reply);
                byte[] line = [.. Encoding.ASCII.GetBytes(verbs[verb]), .. rest];
                return login.OnLine(line, reply) != Pop3LoginStep.Check
                    || login.TakeCredentials().ToFields("stamp"u8).AsSpan().Count((byte)0) == 3;
            });

    [Fact]
    public void Plain_takes_what_a_client_encodes() =>
        Gen.Select(Gen.Char['!', '~'].Array[1, 20], Gen.Char[' ', '~'].Array[1, 20])
            .Sample((name, secret) =>
            {
                Pop3Login login = new([], offersTls: false);
                string text = $"\0{new string(name)}\0{new string(secret)}";
                string base64 = Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
                byte[] line = Encoding.ASCII.GetBytes("auth plain " + base64);
                bool check = login.OnLine(line, new ArrayBufferWriter<byte>())
                    == Pop3LoginStep.Check;
                Pop3Credentials got = login.TakeCredentials();
                return check && Encoding.ASCII.GetString(got.Name) == new string(name)
                    && Encoding.ASCII.GetString(got.Secret) == new string(secret);
            });
}
