using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;

namespace Kopis.Mail.Tests.Authentication.Dkim;

/// <summary>RFC 6376 §3.4.</summary>
public class CanonicalTests
{
    private const string Example = " C \r\nD \t E\r\n\r\n\r\n"; // RFC 6376 §3.4.5

    [Theory]
    [InlineData(CanonicalForm.Simple, Example, " C \r\nD \t E\r\n")]
    [InlineData(CanonicalForm.Relaxed, Example, " C\r\nD E\r\n")]
    [InlineData(CanonicalForm.Simple, "", "\r\n")]
    [InlineData(CanonicalForm.Relaxed, "", "")]
    [InlineData(CanonicalForm.Simple, "\r\n\r\n", "\r\n")]
    [InlineData(CanonicalForm.Relaxed, "\r\n\r\n", "")]
    [InlineData(CanonicalForm.Simple, "x", "x\r\n")]
    [InlineData(CanonicalForm.Relaxed, "x", "x\r\n")]
    [InlineData(CanonicalForm.Relaxed, " \t\r\n \r\n", "")]
    [InlineData(CanonicalForm.Simple, " \r\n", " \r\n")]
    [InlineData(CanonicalForm.Relaxed, "a\r\n\r\n \r\nb\r\n", "a\r\n\r\n\r\nb\r\n")]
    [InlineData(CanonicalForm.Relaxed, "\tx\t\ty \r\n", " x y\r\n")]
    public void Bodies(CanonicalForm form, string body, string canonical)
    {
        byte[] wanted = SHA256.HashData(Encoding.Latin1.GetBytes(canonical));
        Assert.Equal(wanted, Hash(form, null, Encoding.Latin1.GetBytes("A: b\r\n\r\n" + body)));
    }

    [Theory]
    [InlineData(CanonicalForm.Simple, "A: X", "A: X")]
    [InlineData(CanonicalForm.Relaxed, "A: X", "a:X")]
    [InlineData(CanonicalForm.Relaxed, "B : Y\t\r\n\tZ  ", "b:Y Z")]
    [InlineData(CanonicalForm.Simple, "B : Y\t\r\n\tZ  ", "B : Y\t\r\n\tZ  ")]
    [InlineData(CanonicalForm.Relaxed, "Subject:", "subject:")]
    [InlineData(CanonicalForm.Relaxed, "Subject: \r\n \r\n\t", "subject:")]
    [InlineData(CanonicalForm.Relaxed, "S:a\r\n b", "s:a b")]
    public void Fields(CanonicalForm form, string field, string canonical)
    {
        ArrayBufferWriter<byte> to = new();
        byte[] raw = Encoding.Latin1.GetBytes(field);
        CanonicalHeader.Write(raw, field.IndexOf(':', StringComparison.Ordinal) + 1, form, to);
        Assert.Equal(canonical, Encoding.Latin1.GetString(to.WrittenSpan));
    }

    [Fact]
    public void Any_cut_gives_the_same_hash() =>
        Pieces.Of("a", " ", "\t", "\r\n", "\n", "\r\n\r\n", "word word", "", " \r\n")
            .Array[0, 24]
            .Select(words => Encoding.Latin1.GetBytes("A: b\n\n" + string.Concat(words)))
            .Sample(message =>
            {
                foreach (CanonicalForm form in Enum.GetValues<CanonicalForm>())
                {
                    byte[]? whole = Hash(form, null, message);
                    for (int cut = 0; cut <= message.Length; cut++)
                    {
                        Assert.Equal(whole, Hash(form, null, message[..cut], message[cut..]));
                    }
                }
            });

    [Fact]
    public void A_beginning_is_hashed_in_the_same_pass()
    {
        byte[] message = Encoding.Latin1.GetBytes("A: b\n\none  two\n\nthree\n");
        byte[] canonical = Encoding.Latin1.GetBytes("one two\r\n\r\nthree\r\n");
        for (int length = 0; length <= canonical.Length; length++)
        {
            Assert.Equal(
                SHA256.HashData(canonical.AsSpan(0, length)),
                Hash(CanonicalForm.Relaxed, length, message));
        }

        Assert.Null(Hash(CanonicalForm.Relaxed, canonical.Length + 1, message));
    }

    private static byte[]? Hash(CanonicalForm form, long? length, params byte[][] pieces)
    {
        using BodyHash hash = new(length is { } some ? [some] : []);
        CanonicalBody body = new(form, hash);
        MessageReader reader = new(new Parts(body));
        foreach (byte[] piece in pieces)
        {
            reader.Read(piece);
        }

        reader.End();
        body.End();
        return hash.Get(length);
    }

    private sealed class Parts(CanonicalBody body) : IMessageParts
    {
        public void OnHeader(MessageHeader header)
        {
        }

        public void OnBodyText(ReadOnlySpan<byte> text) => body.Text(text);

        public void OnBodyLineEnd() => body.LineEnd();
    }
}
