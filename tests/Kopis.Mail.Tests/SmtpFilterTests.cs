using System.Buffers;
using System.Text;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Tests;

/// <summary>Filters are asked last, about each sender and recipient that would be taken.</summary>
public sealed class SmtpFilterTests
{
    private static readonly SmtpAnswer No = new("550 5.7.1 no");
    private static readonly SmtpAnswer Later = new("451 4.7.1 later");

    private readonly Policy _policy = new();
    private readonly SmtpSession _session;

    public SmtpFilterTests()
    {
        _session = new SmtpSession(_policy);
        Assert.Equal("250", Say("HELO c"));
    }

    [Fact]
    public void A_message_is_taken_where_none_refuses()
    {
        Asks(FilterStage.Sender, "MAIL FROM:<s@d>");
        Assert.Equal("250", Answer(null));
        Asks(FilterStage.Recipient, "RCPT TO:<r@d>");
        Assert.Equal("250", Answer(null));
        Assert.Equal("354", Say("DATA"));
        Assert.Equal("Fs@d\0Tr@d\0\0", Encoding.Latin1.GetString(_session.DetachEnvelope()));
    }

    // The host may vouch for one of its recipients, and then there is a message.
    [Fact]
    public void They_are_asked_about_a_bad_sender_too()
    {
        Asks(FilterStage.Sender, "MAIL FROM:<bad@d>");
        Assert.Equal("250", Answer(null));
        Assert.Equal("553", Say("RCPT TO:<r@d>"));
        Assert.Equal("", Say("RCPT TO:<vouched@d>"));
        Assert.Equal(SmtpHook.Rcpt, _session.Question.Hook);
        ArrayBufferWriter<byte> reply = new();
        _session.OnRuling(new SmtpRuling { SkipsChecks = true }, reply);
        Assert.Equal(FilterStage.Recipient, _session.Question.Filters);
        Assert.Equal(0, reply.WrittenCount);
    }

    [Fact]
    public void A_refused_sender_has_no_message()
    {
        Asks(FilterStage.Sender, "MAIL FROM:<s@d>");
        Assert.Equal("550", Answer(No));
        Assert.False(_session.IsInTransaction);
        Assert.Equal("503", Say("RCPT TO:<r@d>"));
    }

    [Fact]
    public void A_refused_recipient_is_none_and_others_may_be()
    {
        Asks(FilterStage.Sender, "MAIL FROM:<s@d>");
        Answer(null);
        Asks(FilterStage.Recipient, "RCPT TO:<bad@d>");
        Assert.Equal("550", Answer(No));
        Assert.Equal("503", Say("DATA"));
        Asks(FilterStage.Recipient, "RCPT TO:<r@d>");
        Assert.Equal("250", Answer(null));
        Assert.Equal("Fs@d\0Tr@d\0\0", Encoding.Latin1.GetString(_session.DetachEnvelope()));
    }

    [Fact]
    public void A_refusal_for_good_is_held_against_the_client_and_a_later_is_not()
    {
        Asks(FilterStage.Sender, "MAIL FROM:<s@d>");
        Answer(Later);
        Assert.Equal(0, _session.Faults);
        Asks(FilterStage.Sender, "MAIL FROM:<s@d>");
        Answer(No);
        Assert.Equal(1, _session.Faults);
    }

    [Fact]
    public void Filters_that_come_in_the_middle_of_a_message_are_asked_about_the_next()
    {
        _policy.HasFilters = false;
        Assert.Equal("250", Say("MAIL FROM:<s@d>"));
        _policy.HasFilters = true;
        Assert.Equal("250", Say("RCPT TO:<r@d>"));
        Assert.Equal("250", Say("RSET"));
        Asks(FilterStage.Sender, "MAIL FROM:<s@d>");
    }

    [Fact]
    public void No_session_lasts_forever_for_it()
    {
        string reply = "";
        for (int i = 0; i <= SmtpLimits.IdleCommandsMax && reply != "421"; i++)
        {
            Asks(FilterStage.Sender, "MAIL FROM:<s@d>");
            reply = Answer(No);
        }

        Assert.Equal("421", reply);
    }

    private void Asks(FilterStage stage, string line)
    {
        Assert.Equal("", Say(line));
        Assert.Equal(stage, _session.Question.Filters);
    }

    private string Say(string line) =>
        Read(reply => _session.OnLine(Encoding.Latin1.GetBytes(line), reply));

    private string Answer(SmtpAnswer? refusal) =>
        Read(reply => _session.OnFiltered(refusal, reply));

    // The last reply's code; empty for none.
    private static string Read(Action<ArrayBufferWriter<byte>> act)
    {
        ArrayBufferWriter<byte> reply = new();
        act(reply);
        string[] lines = Encoding.Latin1.GetString(reply.WrittenSpan).Split(
            "\r\n", StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 0 ? "" : lines[^1][..3];
    }

    private sealed class Policy : ISmtpPolicy
    {
        public bool HasFilters { get; set; } = true;

        public ReadOnlyMemory<byte> Greeting { get; } = "mx.example ESMTP"u8.ToArray();

        public long MessageBytesMax => 0;

        public byte[]? RelayClient => null;

        public SmtpExtensions Extensions => SmtpExtensionList.All;

        public ReadOnlyMemory<byte> Mechanisms => default;

        public IRecipientCheck? Recipients => null;

        public ISubmissionRules? Submission => null;

        public bool IsEncrypted => false;

        public byte[] NameOwnAddress(byte[] address) => address;

        public bool IsBadSender(ReadOnlySpan<byte> sender) => sender.StartsWith("bad"u8);

        public bool Rules(SmtpHook hook, in SmtpSubject subject) =>
            hook == SmtpHook.Rcpt && subject.Recipient.AsSpan().StartsWith("vouched"u8);

        public bool IsOurs(RoutedRecipient recipient) => true;
    }
}
