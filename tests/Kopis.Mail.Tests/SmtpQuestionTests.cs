using System.Buffers;
using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Tests;

/// <summary>A sender in doubt is asked about before a recipient is looked at, once a message.
/// </summary>
public sealed class SmtpQuestionTests
{
    private readonly SmtpSession _session = new(new Policy());

    public SmtpQuestionTests()
    {
        _session.OnAuthenticated("joe@d"u8.ToArray());
        Assert.Equal("250", Say("MAIL FROM:<alias@d>"));
    }

    [Fact]
    public void A_sender_is_asked_about_first_and_once()
    {
        AssertAsks("RCPT TO:<asked@d>", sender: "alias@d", "asked@d");
        Assert.Null(Answer(LookupVerdict.Yes));
        AssertQuestion(sender: null, "asked@d");
        Assert.Equal("250", Answer(LookupVerdict.Yes));
        Assert.Equal("250", Say("RCPT TO:<known@d>"));
        AssertAsks("RCPT TO:<other@d>", sender: null, "other@d");
        Assert.Equal("550", Answer(LookupVerdict.No));
        Assert.Equal("250", Say("MAIL FROM:<alias@d>"));
        AssertAsks("RCPT TO:<known@d>", sender: "alias@d", "known@d");
        Assert.Equal("250", Answer(LookupVerdict.Yes));
    }

    [Theory]
    [InlineData(LookupVerdict.No, "553")]
    [InlineData(LookupVerdict.Later, "451")]
    [InlineData(LookupVerdict.Full, "451")]
    [InlineData((LookupVerdict)99, "451")]
    public void A_sender_that_is_not_his_has_no_recipients(LookupVerdict verdict, string reply)
    {
        AssertAsks("RCPT TO:<known@d>", sender: "alias@d", "known@d");
        Assert.Equal(reply, Answer(verdict));
        AssertAsks("RCPT TO:<known@d>", sender: "alias@d", "known@d"); // He may try again.
        Assert.Equal(reply, Answer(verdict));
        Assert.Equal("503", Say("DATA"));
    }

    [Fact]
    public void A_refused_mail_leaves_the_doubt_and_another_sender_ends_it()
    {
        Assert.Equal("553", Say("MAIL FROM:<bad@d>"));
        AssertAsks("RCPT TO:<known@d>", sender: "alias@d", "known@d");
        Assert.Equal("451", Answer(LookupVerdict.Later));
        Assert.Equal("250", Say("MAIL FROM:<joe@d>"));
        Assert.Equal("250", Say("RCPT TO:<known@d>"));
    }

    private void AssertAsks(string line, string? sender, string recipient)
    {
        Assert.Null(Say(line));
        AssertQuestion(sender, recipient);
    }

    private void AssertQuestion(string? sender, string recipient)
    {
        SmtpQuestion question = _session.Question;
        Assert.Equal(sender, question.Sender is { } said ? ByteText.ToText(said) : null);
        Assert.Equal(recipient, ByteText.ToText(question.Recipient.Address));
    }

    // The reply's code; null where something is to be asked.
    private string? Say(string line) =>
        Code(reply => _session.OnLine(Encoding.ASCII.GetBytes(line), reply));

    private string? Answer(LookupVerdict verdict) =>
        Code(reply => _session.OnAnswer(verdict, reply));

    private static string? Code(Func<IBufferWriter<byte>, SmtpStep> act)
    {
        ArrayBufferWriter<byte> reply = new();
        SmtpStep step = act(reply);
        Assert.Equal(step == SmtpStep.Ask, reply.WrittenCount == 0);
        return step == SmtpStep.Ask ? null : Encoding.ASCII.GetString(reply.WrittenSpan[..3]);
    }

    private sealed class Policy
        : ISmtpPolicy, ISubmissionRules, IRecipientCheck
    {
        public ReadOnlyMemory<byte> Greeting { get; } = "mx.example ESMTP"u8.ToArray();

        public long MessageBytesMax => 0;

        public byte[]? RelayClient => null;

        public SmtpExtensions Extensions => SmtpExtensionList.All;

        public ReadOnlyMemory<byte> Mechanisms => default;

        public IRecipientCheck? Recipients => this;

        public ISubmissionRules? Submission => this;

        public bool IsEncrypted => false;

        public byte[] NameOwnAddress(byte[] address) => address;

        public bool IsBadSender(ReadOnlySpan<byte> sender) => false;

        public bool IsOurs(RoutedRecipient recipient) => true;

        public SmtpAnswer? OnMail(byte[]? user, ReadOnlySpan<byte> sender, out bool isInDoubt)
        {
            isInDoubt = sender.StartsWith("alias"u8);
            return sender.StartsWith("bad"u8) ? new SmtpAnswer("553 5.7.1 sorry, no") : null;
        }

        public LookupVerdict? Known(RoutedRecipient recipient) =>
            recipient.Address.AsSpan().StartsWith("known"u8) ? LookupVerdict.Yes : null;

        public ValueTask<LookupVerdict> AskAsync(
            RoutedRecipient recipient, IPAddress? client, CancellationToken stop) =>
            throw new NotSupportedException();
    }
}
