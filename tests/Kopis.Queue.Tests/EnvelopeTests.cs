using System.Text;
using CsCheck;
using Kopis.Mail.Dsn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Tests;

public sealed class EnvelopeTests
{
    private static readonly string[] Parts = ["F", "T", "\0", "a@b", "PSMTPUTF8\0", "Fs\0Ta\0\0"];

    [Theory]
    [InlineData("Fs\0Ta\0Tb\0\0", 0)]
    [InlineData("F\0\0", 0)] // No recipient is no error (contract §5.1).
    [InlineData("F\0T\0\0", 0)]
    [InlineData("F\n\xff\0Ta b\0\0", 0)]
    [InlineData("", 54)]
    [InlineData("F", 54)]
    [InlineData("Fs", 54)]
    [InlineData("Fs\0", 54)]
    [InlineData("Fs\0Ta", 54)]
    [InlineData("Fs\0Ta\0", 54)]
    [InlineData("Ts\0\0", 91)]
    [InlineData("\0", 91)]
    [InlineData("fs\0\0", 91)]
    [InlineData("Fs\0Fa\0\0", 91)]
    [InlineData("Fs\0Ta\0x", 91)]
    [InlineData("Fs\0Ta\0\0\0", 91)]
    [InlineData("Fs\0Ta\0\0Fs\0", 91)]
    [InlineData("Fs\0PRET=FULL\0Ta\0PNOTIFY=NEVER\0Tb\0\0", 0)]
    [InlineData("Fs\0Ta\0PORCPT=rfc822;P\0TP\0\0", 0)]
    [InlineData("FP\0TPa\0\0", 0)]
    [InlineData("PRET=FULL\0Fs\0\0", 91)]
    [InlineData("Fs\0PRET=FULL\0PSMTPUTF8\0\0", 91)]
    [InlineData("Fs\0P\0\0", 91)]
    [InlineData("Fs\0PNOTIFY=NEVER\0\0", 91)] // A parameter of RCPT.
    [InlineData("Fs\0Ta\0PRET=FULL\0\0", 91)]
    [InlineData("Fs\0Pret=full\0\0", 91)] // Not canonical.
    [InlineData("Fs\0PSMTPUTF8  RET=FULL\0\0", 91)]
    [InlineData("Fs\0PRET=FULL SMTPUTF8\0\0", 91)]
    [InlineData("Fs\0PENVID=a+0Ab\0\0", 91)]
    [InlineData("Fs\0PENVID=a\nb\0\0", 91)]
    [InlineData("Fs\0PAUTH=<>\0\0", 91)]
    [InlineData("Fs\0PRET=FULL", 54)]
    public void Foreign_bytes_are_judged(string text, int code) =>
        Assert.Equal(code, Envelope.Check(Encoding.Latin1.GetBytes(text)));

    [Theory]
    [InlineData(1002, 0)]
    [InlineData(1003, 11)]
    [InlineData(100_000, 11)]
    public void An_address_has_1003_bytes_with_its_nul(int length, int code)
    {
        string address = new('a', length);
        Assert.Equal(code, Envelope.Check(Encoding.Latin1.GetBytes($"F{address}\0\0")));
        Assert.Equal(code, Envelope.Check(Encoding.Latin1.GetBytes($"F\0T{address}\0\0")));
    }

    [Fact]
    public void An_endless_address_is_too_long_before_it_ends()
    {
        EnvelopeReader reader = default;
        reader.Read(Encoding.Latin1.GetBytes("F" + new string('a', 1002)));
        Assert.Equal((false, 54), (reader.IsOver, reader.Code));
        reader.Read("a"u8);
        Assert.Equal((true, 11), (reader.IsOver, reader.Code));
    }

    [Fact]
    public void Reading_stops_at_the_final_nul()
    {
        EnvelopeReader reader = default;
        Assert.Equal(8, reader.Read("Fs\0Ta@b\0"u8));
        Assert.Equal(1, reader.Read("\0and more"u8));
        Assert.True(reader.IsOver);
        Assert.Equal(0, reader.Code);
        Assert.Equal(0, reader.Read("more"u8));
    }

    [Fact]
    public void Cuts_do_not_matter() => Gen.Select(
        Gen.Int[0, Parts.Length - 1].Select(i => Parts[i]).Array[0, 12], Gen.Int[1, 7])
        .Sample((parts, cut) =>
        {
            byte[] bytes = Encoding.Latin1.GetBytes(string.Concat(parts));
            EnvelopeReader whole = default;
            int used = whole.Read(bytes);
            EnvelopeReader pieces = default;
            int usedInPieces = 0;
            for (int at = 0; at < bytes.Length; at += cut)
            {
                usedInPieces += pieces.Read(bytes.AsSpan(at, Math.Min(cut, bytes.Length - at)));
            }

            Assert.Equal((used, whole.Code), (usedInPieces, pieces.Code));
        });

    [Fact]
    public void What_is_formatted_is_read_back()
    {
        byte[] bytes = Envelope.Format("s@x"u8, ["a@x"u8.ToArray(), "\xff b"u8.ToArray()]);
        Assert.Equal(0, Envelope.Check(bytes));
        Envelope envelope = new(bytes);
        Assert.Equal("s@x"u8.ToArray(), envelope.Sender.ToArray());
        Assert.Equal(
            [.. new[] { "a@x"u8.ToArray(), "\xff b"u8.ToArray() }],
            envelope.Recipients.Select(recipient => recipient.ToArray()));
    }

    [Fact]
    public void Parameters_are_read_back_and_can_be_left_out()
    {
        byte[] bytes = Envelope.Format(
            "s@x"u8, new MessageParameters { Return = ReturnContent.Headers, SmtpUtf8 = true },
            [
                new EnvelopeRecipient("a@x"u8.ToArray(), "NOTIFY=DELAY"u8.ToArray()),
                new EnvelopeRecipient("b@x"u8.ToArray(), default),
            ]);
        Assert.Equal(
            "Fs@x\0PSMTPUTF8 RET=HDRS\0Ta@x\0PNOTIFY=DELAY\0Tb@x\0\0",
            Encoding.Latin1.GetString(bytes));
        Assert.Equal(0, Envelope.Check(bytes));
        Envelope envelope = new(bytes);
        Assert.True(envelope.HasParameters);
        Assert.Equal("SMTPUTF8 RET=HDRS"u8, envelope.Parameters.Span);
        Assert.Equal(
            ["a@x NOTIFY=DELAY", "b@x "],
            envelope.RecipientsWithParameters.Select(one =>
                $"{Encoding.Latin1.GetString(one.Address.Span)} "
                + Encoding.Latin1.GetString(one.Parameters.Span)));
        Assert.Equal(2, envelope.Recipients.Count());
        byte[] plain = envelope.WithoutParameters();
        Assert.Equal("Fs@x\0Ta@x\0Tb@x\0\0", Encoding.Latin1.GetString(plain));
        Assert.False(new Envelope(plain).HasParameters);
    }

    [Fact]
    public void What_passes_as_a_whole_and_has_no_parameters_is_an_envelope_of_qmails() =>
        Gen.Int[0, Parts.Length - 1].Select(i => Parts[i]).Array[0, 12].Sample(parts =>
        {
            byte[] bytes = Encoding.Latin1.GetBytes(string.Concat(parts));
            if (Envelope.Check(bytes) == 0)
            {
                Envelope envelope = new(bytes);
                byte[] plain = envelope.WithoutParameters();
                Assert.Equal(0, Envelope.Check(plain));
                Assert.False(new Envelope(plain).HasParameters);
                Assert.Equal(!envelope.HasParameters, plain.AsSpan().SequenceEqual(bytes));
            }
        });
}
