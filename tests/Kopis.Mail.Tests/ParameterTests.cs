using System.Text;
using CsCheck;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.Tests;

/// <summary>The ESMTP parameters that the queue keeps (RFC 3461, 6531, 8689).</summary>
public sealed class ParameterTests
{
    [Theory]
    [InlineData("body=8bitmime", "BODY=8BITMIME")]
    [InlineData("BODY=7BIT", "")]
    [InlineData("envid=QQ+2B1 Ret=hdrs", "RET=HDRS ENVID=QQ+2B1")]
    [InlineData("REQUIRETLS smtputf8 BODY=BINARYMIME", "BODY=BINARYMIME SMTPUTF8 REQUIRETLS")]
    [InlineData("RET=FULL", "RET=FULL")]
    public void Words_of_mail_become_canonical(string words, string canonical)
    {
        MessageParameters parameters = default;
        foreach (string word in words.Split(' '))
        {
            Assert.Equal(
                ParameterStatus.Taken,
                MessageParameters.Parse(Encoding.Latin1.GetBytes(word), ref parameters));
        }

        Assert.Equal(canonical, Encoding.Latin1.GetString(parameters.ToBytes()));
        Assert.Equal(canonical.Length == 0, parameters.IsEmpty);
        Assert.Equal(
            canonical.Length > 0, MessageParameters.TryParse(parameters.ToBytes(), out _));
    }

    [Theory]
    [InlineData("SIZE=10", ParameterStatus.Unknown)]
    [InlineData("AUTH=<>", ParameterStatus.Unknown)]
    [InlineData("", ParameterStatus.Unknown)]
    [InlineData("BODY", ParameterStatus.Bad)]
    [InlineData("BODY=9BIT", ParameterStatus.Bad)]
    [InlineData("SMTPUTF8=1", ParameterStatus.Bad)]
    [InlineData("RET=", ParameterStatus.Bad)]
    [InlineData("RET=FULL,HDRS", ParameterStatus.Bad)]
    [InlineData("REQUIRETLS=", ParameterStatus.Bad)]
    [InlineData("ENVID=", ParameterStatus.Bad)]
    [InlineData("ENVID=a=b", ParameterStatus.Bad)]
    [InlineData("ENVID=a+0Ab", ParameterStatus.Bad)] // CVE-2020-28021
    [InlineData("ENVID=a+0D", ParameterStatus.Bad)]
    [InlineData("ENVID=a+00", ParameterStatus.Bad)]
    [InlineData("ENVID=a+7F", ParameterStatus.Bad)]
    [InlineData("ENVID=a+2b", ParameterStatus.Bad)]
    [InlineData("ENVID=a+2", ParameterStatus.Bad)]
    [InlineData("ENVID=\u00e9", ParameterStatus.Bad)]
    public void Words_of_mail_that_are_not_taken(string word, ParameterStatus status)
    {
        MessageParameters parameters = default;
        Assert.Equal(
            status, MessageParameters.Parse(Encoding.Latin1.GetBytes(word), ref parameters));
        Assert.True(parameters.IsEmpty);
    }

    [Theory]
    [InlineData("NOTIFY=never", "NOTIFY=NEVER")]
    [InlineData("notify=delay,Failure,success", "NOTIFY=SUCCESS,FAILURE,DELAY")]
    [InlineData("orcpt=rfc822;Bob+40x NOTIFY=DELAY", "NOTIFY=DELAY ORCPT=rfc822;Bob+40x")]
    [InlineData("ORCPT=utf-8;\\x{E9}@x", "ORCPT=utf-8;\\x{E9}@x")]
    [InlineData("ORCPT=rfc822;", "ORCPT=rfc822;")]
    public void Words_of_rcpt_become_canonical(string words, string canonical)
    {
        RecipientParameters parameters = default;
        foreach (string word in words.Split(' '))
        {
            Assert.Equal(
                ParameterStatus.Taken,
                RecipientParameters.Parse(Encoding.Latin1.GetBytes(word), ref parameters));
        }

        Assert.Equal(canonical, Encoding.Latin1.GetString(parameters.ToBytes()));
        Assert.True(RecipientParameters.TryParse(parameters.ToBytes(), out _));
    }

    [Theory]
    [InlineData("NOTIFY=", ParameterStatus.Bad)]
    [InlineData("NOTIFY=NEVER,DELAY", ParameterStatus.Bad)]
    [InlineData("NOTIFY=DELAY,", ParameterStatus.Bad)]
    [InlineData("NOTIFY=ALWAYS", ParameterStatus.Bad)]
    [InlineData("ORCPT=bob@x", ParameterStatus.Bad)]
    [InlineData("ORCPT=;bob@x", ParameterStatus.Bad)]
    [InlineData("ORCPT=a b;bob@x", ParameterStatus.Bad)]
    [InlineData("ORCPT=rfc822;a+0AT:<x>", ParameterStatus.Bad)] // CVE-2020-28026
    [InlineData("ORCPT=rfc\u0000;a", ParameterStatus.Bad)]
    [InlineData("BODY=8BITMIME", ParameterStatus.Unknown)]
    public void Words_of_rcpt_that_are_not_taken(string word, ParameterStatus status)
    {
        RecipientParameters parameters = default;
        Assert.Equal(
            status, RecipientParameters.Parse(Encoding.Latin1.GetBytes(word), ref parameters));
        Assert.True(parameters.IsEmpty);
    }

    [Fact]
    public void Nothing_comes_twice()
    {
        MessageParameters mail = new() { Return = ReturnContent.Full, EnvelopeId = [65] };
        RecipientParameters rcpt = new()
        {
            Notify = NotifyOn.Delay,
            OriginalRecipient = "rfc822;a"u8.ToArray(),
        };
        Assert.Equal(ParameterStatus.Bad, MessageParameters.Parse("RET=FULL"u8, ref mail));
        Assert.Equal(ParameterStatus.Bad, MessageParameters.Parse("ENVID=A"u8, ref mail));
        Assert.Equal(ParameterStatus.Bad, RecipientParameters.Parse("NOTIFY=DELAY"u8, ref rcpt));
        Assert.Equal(
            ParameterStatus.Bad, RecipientParameters.Parse("ORCPT=rfc822;a"u8, ref rcpt));
    }

    [Fact]
    public void Lengths_are_those_of_rfc_3461()
    {
        string id = new('a', 100);
        Assert.True(MessageParameters.TryParse(Encoding.Latin1.GetBytes($"ENVID={id}"), out _));
        Assert.False(MessageParameters.TryParse(Encoding.Latin1.GetBytes($"ENVID={id}a"), out _));
        string box = new('b', 493);
        Assert.True(
            RecipientParameters.TryParse(Encoding.Latin1.GetBytes($"ORCPT=rfc822;{box}"), out _));
        Assert.False(
            RecipientParameters.TryParse(Encoding.Latin1.GetBytes($"ORCPT=rfc822;{box}b"), out _));
    }

    [Fact]
    public void Xtext_of_any_bytes_is_read_back() => Gen.Byte.Array[0, 40].Sample(bytes =>
    {
        byte[] text = XText.Encode(bytes);
        Assert.Equal(bytes, XText.Decode(text));
        Assert.Equal(Array.TrueForAll(bytes, b => b is >= 32 and <= 126), XText.IsSound(text));
    });

    [Fact]
    public void Without_notify_failures_are_wanted_and_nothing_else()
    {
        RecipientParameters unsaid = default;
        Assert.True(unsaid.Wants(NotifyOn.Failure));
        Assert.False(unsaid.Wants(NotifyOn.Delay) || unsaid.Wants(NotifyOn.Success));
        RecipientParameters never = new() { Notify = NotifyOn.Never };
        Assert.False(never.Wants(NotifyOn.Failure));
    }
}
