using System.Buffers;
using System.Text;
using Kopis.Mail.Header;
using Kopis.Mail.Qmtp;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Tests;

public class TransferReaderTests
{
    [Theory]
    [InlineData("\nhello", "hello")]
    [InlineData("\n", "")]
    [InlineData("\n\r\n\0\r", "\r\n\0\r")]
    [InlineData("\r", "")]
    [InlineData("\r\r\n\r\n\n", "\n\n\n")]
    [InlineData("\ra\r\n\r\nb\r\r\nc\r", "a\n\nb\r\nc\r")]
    [InlineData("\r\r\r", "\r\r")]
    public void Line_ends_of_qmtp_at_any_cut(string sent, string message)
    {
        string package = Net(sent) + Net("a@b") + Net(Net("x") + Net(""));
        for (int cut = 1; cut <= package.Length; cut++)
        {
            QmtpReader reader = new(new Policy());
            (TransferStep step, string got, string rest) = Feed(reader, package + "NEXT", cut);
            Assert.Equal((TransferStep.Whole, message), (step, got));
            Assert.Equal("NEXT", rest);
            Assert.Equal("Fa@b\0Tx\0\0", Encoding.Latin1.GetString(reader.Envelope()));
            Assert.Equal([QmtpVerdict.Accepted, QmtpVerdict.Unfit], reader.Verdicts);
        }
    }

    [Fact]
    public void One_reader_of_qmtp_takes_message_after_message()
    {
        QmtpReader reader = new(new Policy { MessageBytesMax = 3 });
        foreach (bool isFit in (bool[])[false, true, false, true])
        {
            string package = Net(isFit ? "\nxyz" : "\rxyz\r\n")
                + Net(isFit ? "s" : "s\0") + Net(Net("r") + Net("no@where"));
            (TransferStep step, string got, _) = Feed(reader, package, 4);
            Assert.Equal((TransferStep.Whole, "xyz"), (step, got));
            Assert.Equal(
                (!isFit, isFit, !isFit), (reader.IsTooBig, reader.IsSenderFit, reader.IsUnwanted));
            Assert.Equal([QmtpVerdict.Accepted, QmtpVerdict.NotOurs], reader.Verdicts);
            reader.Reset();
            Assert.False(reader.IsBegun || reader.HasRecipients || reader.IsUnwanted);
        }
    }

    [Theory]
    [InlineData("0:,")]
    [InlineData("3:\0\nx,")]
    [InlineData("5:\0\0\0\nx,1:s,4:1:r,,")]
    [InlineData("2:ab,")]
    [InlineData("2:\na;")]
    [InlineData(":")]
    [InlineData(" 1:")]
    [InlineData("1x")]
    [InlineData("1:\n,1:s,2:1:,")]
    [InlineData("1:\n,1:s,5:1:x,1,")]
    [InlineData("1:\n,1:s,3:9:x,")]
    public void What_is_not_qmtp(string sent)
    {
        for (int cut = 1; cut <= sent.Length; cut++)
        {
            TransferStep step = Feed(new QmtpReader(new Policy()), sent, cut).Step;
            Assert.Equal(TransferStep.BadProtocol, step);
        }
    }

    [Theory]
    [InlineData("200000001:")]
    [InlineData("99999999999999999999999999:")]
    [InlineData("1:\n,200000001:")]
    [InlineData("1:\n,1:s,200000001:")]
    [InlineData("1:\n,1:s,99:200000001:")]
    public void Lengths_over_the_limit(string sent) => Assert.Equal(
        TransferStep.TooLong, Feed(new QmtpReader(new Policy()), sent, 5).Step);

    [Fact]
    public void The_list_of_recipients_is_bounded()
    {
        string list = string.Concat(Enumerable.Range(0, 4 * 1024 * 1024 / 905).Select(
            number => Net($"{number}".PadRight(900, 'y'))));
        QmtpReader reader = new(new Policy());
        Assert.Equal(
            TransferStep.Whole, Feed(reader, "1:\n,0:," + Net(list), 4096).Step);
        Assert.Contains(QmtpVerdict.TooMany, reader.Verdicts);
        Assert.InRange(reader.Envelope().Length, 1024 * 1000, QmtpLimits.RecipientsBytesMax + 1);
        reader.Reset();
        Assert.Equal(
            TransferStep.TooLong, Feed(reader, "1:\n,0:," + Net(list + list), 4096).Step);
    }

    [Theory, InlineData(1), InlineData(4096)]
    public void Qmtp_refuses_who_has_had_the_message(int cut)
    {
        QmtpReader reader = new(new Policy());
        Feed(reader, Net("\nDelivered-To: y@here\nX: z\n\nDelivered-To: z@here\n") + "0:,"
            + Net(Net("x") + Net("y") + Net("z")), cut);
        Assert.Equal(
            [QmtpVerdict.Accepted, QmtpVerdict.Looping, QmtpVerdict.Accepted], reader.Verdicts);
        Assert.Equal("F\0Tx\0Tz\0\0", Encoding.Latin1.GetString(reader.Envelope()));
        reader.Reset();
        Feed(reader, "1:\n,0:," + Net(Net("y")), cut);
        Assert.Equal([QmtpVerdict.Accepted], reader.Verdicts);
        reader.Reset();
        string hops = string.Concat(Enumerable.Repeat("Received: x\n", SmtpLimits.HopsLimit));
        Feed(reader, Net("\n" + hops) + "0:," + Net(Net("x")), cut);
        Assert.Equal([QmtpVerdict.Looping], reader.Verdicts);
    }

    [Fact]
    public void A_recipient_without_an_address_is_none()
    {
        QmqpReader reader = new(1000);
        Feed(reader, Net(Net("m") + Net("") + Net("x") + Net("")), 7);
        Assert.True(reader.HasUnfitAddress);
    }

    [Fact]
    public void Equal_recipients_count_once()
    {
        string[] said = ["joe@Mx.Example", "joe@mx.example", "Joe@mx.example", "y", "y"];
        QmtpReader reader = new(new Policy { RelayClient = [] });
        Feed(reader, "1:\n,0:," + Net(string.Concat(said.Select(Net))), 7);
        Assert.Equal("F\0Tjoe@Mx.Example\0TJoe@mx.example\0Ty\0\0",
            Encoding.Latin1.GetString(reader.Envelope()));
        Assert.Equal(Enumerable.Repeat(QmtpVerdict.Accepted, 5), reader.Verdicts);
        QmqpReader qmqp = new(1000, recipientsMax: 3);
        Feed(qmqp, Net(Net("m") + Net("") + string.Concat(said.Select(Net))), 7);
        Assert.False(qmqp.IsUnwanted);
        Assert.Equal("F\0Tjoe@Mx.Example\0TJoe@mx.example\0Ty\0\0",
            Encoding.Latin1.GetString(qmqp.Envelope()));
        qmqp = new(1000, recipientsMax: 2);
        Feed(qmqp, Net(Net("m") + Net("") + string.Concat(said.Select(Net))), 7);
        Assert.True(qmqp.HasTooManyRecipients);
    }

    [Theory]
    [InlineData("Subject: x\n\nhello", "a@b", "Fa@b\0Tx\0\0", "x")]
    [InlineData("", "", "F\0\0")]
    [InlineData("\r\n", "#@[]", "F#@[]\0Tx\0Ty\0\0", "x", "y")]
    public void Qmqp_at_any_cut(
        string message, string sender, string envelope, params string[] recipients)
    {
        string request = Net(
            Net(message) + Net(sender) + string.Concat(recipients.Select(Net)));
        for (int cut = 1; cut <= request.Length; cut++)
        {
            QmqpReader reader = new(1000);
            (TransferStep step, string got, string rest) = Feed(reader, request + "NEXT", cut);
            Assert.Equal((TransferStep.Whole, message), (step, got));
            Assert.Equal("NEXT", rest);
            Assert.False(reader.IsUnwanted);
            Assert.Equal(envelope, Encoding.Latin1.GetString(reader.Envelope()));
        }
    }

    [Fact]
    public void The_envelope_of_qmqp_is_bounded()
    {
        foreach (int count in (int[])[99, 100, 5000])
        {
            string recipients = string.Concat(
                Enumerable.Range(0, count).Select(number => Net($"{number:d8}")));
            QmqpReader reader = new(1000);
            Assert.Equal(
                TransferStep.Whole, Feed(reader, Net("0:,0:," + recipients), 777).Step);
            Assert.Equal(count > 99, reader.IsEnvelopeTooBig);
            Assert.True(reader.Envelope().Length <= 1000);
        }
    }

    [Fact]
    public void Headers_are_read_at_any_cut()
    {
        const string message =
            "From a@b Thu\nSubject:  one\n two\t \nX-Y : z\nTo:\n\nNot: header\n";
        for (int cut = 1; cut <= message.Length; cut++)
        {
            List<string> fields = [];
            HeaderReader header = new(
                (name, value) => fields.Add(
                    $"{Encoding.Latin1.GetString(name)}={Encoding.Latin1.GetString(value)}"),
                fieldBytesMax: 20);
            int used = 0;
            for (int at = 0; at < message.Length && !header.IsOver; at += cut)
            {
                used += header.Read(Encoding.Latin1.GetBytes(
                    message.Substring(at, Math.Min(cut, message.Length - at))));
            }

            Assert.Equal(["Subject=one two", "X-Y=z", "To="], fields);
            Assert.Equal("Not: header\n", message[used..]);
        }
    }

    private static string Net(string text) => $"{text.Length}:{text},";

    private static (TransferStep Step, string Message, string Left) Feed(
        ITransferReader reader, string sent, int cut)
    {
        ArrayBufferWriter<byte> message = new();
        byte[] bytes = Encoding.Latin1.GetBytes(sent);
        TransferStep step = TransferStep.More;
        int used = 0;
        for (int at = 0; at < bytes.Length && step == TransferStep.More; at += cut)
        {
            step = reader.Read(
                bytes.AsSpan(at, Math.Min(cut, bytes.Length - at)), message, out int taken);
            used += taken;
        }

        return (step, Encoding.Latin1.GetString(message.WrittenSpan), sent[used..]);
    }

    private sealed class Policy : IReceivePolicy
    {
        public long MessageBytesMax { get; init; }

        public byte[]? RelayClient { get; init; }

        public bool IsOurs(RoutedRecipient recipient) =>
            !recipient.Address.Contains((byte)'@');

        public RoutedRecipient Route(byte[] recipient) =>
            new(recipient, [.. recipient, .. "@here"u8]);
    }
}
