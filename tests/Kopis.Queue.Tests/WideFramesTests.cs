using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Tests;

/// <summary>Frames between qmail-send and qmail-rspawn: what is written is read back, however it is
/// cut, and what is anything else is refused.</summary>
public sealed class WideFramesTests
{
    private static readonly AttemptDetail Full = new()
    {
        Class = BounceClass.Greylisted,
        Stage = AttemptStage.Rcpt,
        Code = 451,
        Milliseconds = 70_000,
        Flags = AttemptFlags.Tls | AttemptFlags.Verified | AttemptFlags.UsedAgain
            | AttemptFlags.ReachedServer,
        Action = ReplyAction.RetryMessage,
        ActionSeconds = 300,
        ActionValue = 65_535,
        Host = "mx.example",
        Address = "2001:db8::1",
        TlsVersion = "TLSv1.3",
        EnhancedStatus = "4.7.1",
    };

    [Theory, InlineData(1), InlineData(2), InlineData(7), InlineData(65_536)]
    public void Orders_and_questions_are_read_back(int cutBytes)
    {
        (List<WideOrder> orders, List<WideQuestion> questions) =
            ReadOrders(SomeOrders(), cutBytes);
        Assert.Equal(
            ["9999 46 s@x [] a@y", "256 46 s@x [] a@y b@y", "0 46  [RET=FULL] a@y c@y"],
            orders.Select(Shown));
        Assert.Equal([7u, uint.MaxValue], questions.Select(one => one.Id));
        Assert.Equal("y.example", ByteText.ToText(questions[0].Domain));
        Assert.Equal("s@x", ByteText.ToText(questions[0].Sender));
        Assert.Empty(questions[1].Domain);
        Assert.Empty(questions[1].Sender);
    }

    [Theory, InlineData(1), InlineData(65_536)]
    public void An_order_by_a_relay_is_read_back(int cutBytes)
    {
        ArrayBufferWriter<byte> command = new();
        DeliveryCommand.Write(command, 0, 46, "s@x"u8, ["a@y"u8.ToArray()]);
        ArrayBufferWriter<byte> frame = new();
        WideFrames.WriteOrder(frame, 9, command.WrittenSpan, "relay.example:25"u8.ToArray());
        WideFrames.WriteOrder(frame, 8, command.WrittenSpan);
        List<WideOrder> orders = ReadOrders(frame.WrittenSpan, cutBytes).Orders;
        Assert.Equal(["9 46 s@x [] a@y", "8 46 s@x [] a@y"], orders.Select(Shown));
        Assert.Equal("relay.example:25", ByteText.ToText(orders[0].Route));
        Assert.Null(orders[1].Route);
        byte[] bad = frame.WrittenSpan.ToArray();
        foreach (byte length in (byte[])[0, 3, 200])
        {
            bad[9] = length; // Behind the frame's length, its type and the slot.
            Assert.Throws<InvalidDataException>(() => ReadOrders(bad, cutBytes));
        }
    }

    [Theory, InlineData(1), InlineData(3), InlineData(65_536)]
    public void Reports_and_answers_are_read_back(int cutBytes)
    {
        (List<DeliveryReport> reports, List<WideAnswer> answers) =
            ReadReplies(SomeReplies(), cutBytes);
        Assert.Equal([9999, 1, 1], reports.Select(one => one.Slot));
        Assert.Equal([0, 99, 1], reports.Select(one => one.Place));
        Assert.Equal(
            [Verdict.Retry, Verdict.Delivered, Verdict.Failed],
            reports.Select(one => one.Verdict!.Value));
        Assert.Equal([false, true, false], reports.Select(one => one.IsPassedOn));
        Assert.Equal(["later\n", "", "no"], reports.Select(one => ByteText.ToText(one.Text)));
        Assert.Equal([Full, AttemptDetail.Empty, AttemptDetail.Empty],
            reports.Select(one => one.Detail));
        Assert.Equal(
            [
                new WideAnswer(7, true, 60, "relay [mx.example]:25"),
                new WideAnswer(8, false, 3600, new string('x', 255)),
            ],
            answers);
    }

    [Theory, InlineData(0, 0), InlineData(1, 1), InlineData(10_000, 10_000), InlineData(10_001, 0)]
    public void The_greeting_has_the_count(int slots, int read)
    {
        ArrayBufferWriter<byte> to = new();
        WideFrames.WriteGreeting(to, slots);
        Assert.Equal(5, to.WrittenCount);
        Assert.Equal(255, to.WrittenSpan[0]);
        Assert.Equal(read, WideReplyReader.ReadSlots(to.WrittenSpan[1..]));
    }

    [Fact]
    public void Texts_are_made_fit_by_the_writer()
    {
        ArrayBufferWriter<byte> to = new();
        AttemptDetail odd = new() { Host = "a b\n\u00e9" + new string('x', 300) };
        byte[] text = [.. "a\0b"u8, .. new byte[20_000], .. Enumerable.Repeat((byte)'c', 20_000)];
        WideFrames.WriteReport(
            to, 3, 0, new Outcome(Verdict.Failed, text), isPassedOn: true, odd);
        DeliveryReport report = Assert.Single(ReadReplies(to.WrittenSpan, 4096).Reports);
        Assert.Equal("a?b??" + new string('x', 250), report.Detail!.Host);
        Assert.Equal(DeliveryReport.TextBytesMax, report.Text.Length);
        Assert.StartsWith("abccc", ByteText.ToText(report.Text), StringComparison.Ordinal);
        Assert.False(report.IsPassedOn);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("X0000")]
    [InlineData("D")]
    [InlineData("D000")]
    [InlineData("D00000/46@s@a@")]
    [InlineData("D\0\0\0\00/46@s@a")]
    [InlineData("D\0\0\0\00/46@s@a@0")]
    [InlineData("D\0\0\0\00/46@s@a@00/46@s@a@")]
    [InlineData("D\u0010\u0027\0\00/46@s@a@")]
    [InlineData("Q\0\0\0\0")]
    [InlineData("Q\0\0\0\0a")]
    [InlineData("Q\0\0\0\0a@b")]
    [InlineData("Q\0\0\0\0a@b@c@")]
    [InlineData("R\0\0\0\0")]
    public void No_order(string body) => Assert.Throws<InvalidDataException>(
        () => ReadOrders(Frame(body.Replace('@', '\0')), 4096));

    [Fact]
    public void A_length_is_not_believed_before_it_is_bounded()
    {
        byte[] huge = [0xff, 0xff, 0xff, 0x7f];
        Assert.Throws<InvalidDataException>(() => ReadOrders(huge, 1));
        Assert.Throws<InvalidDataException>(() => ReadReplies(huge, 1));
        Assert.Throws<InvalidDataException>(() => ReadReplies([0, 0x40, 0, 0], 4));
    }

    /// <summary>A changed byte is read as something else that is sound, or refused.</summary>
    [Fact]
    public void Any_byte_may_be_wrong()
    {
        foreach (byte[] sound in (byte[][])[SomeOrders(), SomeReplies()])
        {
            for (int at = 0; at < sound.Length; at++)
            {
                foreach (byte wrong in (byte[])[0, 1, 0x7f, 0x80, 0xff])
                {
                    byte[] bytes = [.. sound];
                    bytes[at] = wrong;
                    CheckSound(bytes);
                }
            }
        }
    }

    private static void CheckSound(byte[] bytes)
    {
        try
        {
            foreach (WideOrder order in ReadOrders(bytes, 4096).Orders)
            {
                Assert.InRange(order.Slot, 0, WideFrames.SlotsMax - 1);
                Assert.InRange(order.Command.Recipients.Count, 1, DeliveryCommand.BatchMax);
            }
        }
        catch (InvalidDataException)
        {
        }

        try
        {
            (List<DeliveryReport> reports, List<WideAnswer> answers) = ReadReplies(bytes, 4096);
            Assert.All(reports, report =>
            {
                Assert.InRange(report.Slot, 0, WideFrames.SlotsMax - 1);
                Assert.InRange(report.Place, 0, DeliveryCommand.BatchMax - 1);
                Assert.True(Enum.IsDefined(report.Detail!.Class));
                Assert.DoesNotContain(report.Detail.Host, one => one is < '!' or > '~');
            });
            Assert.All(answers, answer =>
            {
                Assert.InRange(answer.Seconds, 60u, 3600u);
                Assert.DoesNotContain(answer.Destination, one => one is < ' ' or > '~');
            });
        }
        catch (InvalidDataException)
        {
        }
    }

    private static byte[] SomeOrders()
    {
        ArrayBufferWriter<byte> to = new();
        Order(9999, one => DeliveryCommand.Write(one, 0, 46, "s@x"u8, ["a@y"u8.ToArray()]));
        WideFrames.WriteQuestion(to, 7, "y.example"u8, "s@x"u8);
        Order(256, one => DeliveryCommand.Write(
            one, 0, 46, "s@x"u8, ["a@y"u8.ToArray(), "b@y"u8.ToArray()]));
        Order(0, one => DeliveryCommand.WriteLong(one, 0, 46, ""u8, "RET=FULL"u8,
        [
            new EnvelopeRecipient("a@y"u8.ToArray(), "NOTIFY=NEVER"u8.ToArray()),
            new EnvelopeRecipient("c@y"u8.ToArray(), default),
        ]));
        WideFrames.WriteQuestion(to, uint.MaxValue, [], []);
        return to.WrittenSpan.ToArray();

        void Order(int slot, Action<ArrayBufferWriter<byte>> write)
        {
            ArrayBufferWriter<byte> command = new();
            write(command);
            WideFrames.WriteOrder(to, slot, command.WrittenSpan);
        }
    }

    private static byte[] SomeReplies()
    {
        ArrayBufferWriter<byte> to = new();
        WideFrames.WriteReport(to, 9999, 0, Outcome.Retry("later\n"), isPassedOn: false, Full);
        WideFrames.WriteAnswer(to, new WideAnswer(7, true, 1, "relay [mx.example]:25"));
        WideFrames.WriteReport(
            to, 1, 99, Outcome.Delivered(""), isPassedOn: true, AttemptDetail.Empty);
        WideFrames.WriteReport(
            to, 1, 1, Outcome.Failed("no"), isPassedOn: false, AttemptDetail.Empty);
        WideFrames.WriteAnswer(to, new WideAnswer(8, false, 99_999, new string('x', 255)));
        return to.WrittenSpan.ToArray();
    }

    private static byte[] Frame(string body)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(body);
        return [.. BitConverter.GetBytes(bytes.Length), .. bytes];
    }

    private static string Shown(WideOrder order)
    {
        DeliveryCommand command = order.Command;
        return $"{order.Slot} {command.Number} {ByteText.ToText(command.Sender)} "
            + $"[{ByteText.ToText(command.Parameters)}] "
            + string.Join(' ', command.Recipients.Select(one => ByteText.ToText(one)));
    }

    private static (List<WideOrder> Orders, List<WideQuestion> Questions) ReadOrders(
        ReadOnlySpan<byte> bytes, int cutBytes)
    {
        WideOrderReader reader = new();
        List<WideOrder> orders = [];
        List<WideQuestion> questions = [];
        for (int at = 0; at < bytes.Length; at += cutBytes)
        {
            reader.Read(
                bytes.Slice(at, Math.Min(cutBytes, bytes.Length - at)), orders, questions);
        }

        return (orders, questions);
    }

    private static (List<DeliveryReport> Reports, List<WideAnswer> Answers) ReadReplies(
        ReadOnlySpan<byte> bytes, int cutBytes)
    {
        WideReplyReader reader = new();
        List<DeliveryReport> reports = [];
        List<WideAnswer> answers = [];
        for (int at = 0; at < bytes.Length; at += cutBytes)
        {
            reader.Read(
                bytes.Slice(at, Math.Min(cutBytes, bytes.Length - at)), reports, answers);
        }

        return (reports, answers);
    }
}
