using System.Buffers;
using System.Text;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Tests;

/// <summary>Orders to a spawner: what is written is read back, however it is cut.</summary>
public sealed class DeliveryCommandTests
{
    [Theory, InlineData(1), InlineData(3), InlineData(4096)]
    public void All_three_forms_are_read_back(int cutBytes)
    {
        ArrayBufferWriter<byte> to = new();
        DeliveryCommand.Write(to, 1, 46, "s@x"u8, ["a@y"u8.ToArray()]);
        DeliveryCommand.WriteLong(to, 2, 46, ""u8, "RET=FULL"u8,
        [
            new EnvelopeRecipient("a@y"u8.ToArray(), "NOTIFY=NEVER"u8.ToArray()),
            new EnvelopeRecipient("b@y"u8.ToArray(), default),
        ]);
        DeliveryCommand.Write(to, 3, 46, "s@x"u8, ["a@y"u8.ToArray(), "b@y"u8.ToArray()]);
        DeliveryCommand.WriteLong(to, 4, 46, "s@x"u8, ""u8,
            [new EnvelopeRecipient("c@y"u8.ToArray(), "NOTIFY=DELAY"u8.ToArray())]);
        Assert.Equal(
            [
                "1 46 <s@x> [] a@y",
                "2 46 <> [RET=FULL] a@y(NOTIFY=NEVER) b@y()",
                "3 46 <s@x> [] a@y b@y",
                "4 46 <s@x> [] c@y(NOTIFY=DELAY)",
            ],
            Read(to.WrittenSpan, cutBytes));
    }

    [Fact]
    public void The_short_form_is_qmails_to_the_byte()
    {
        ArrayBufferWriter<byte> to = new();
        DeliveryCommand.Write(to, 7, 46, "s@x"u8, ["a@y"u8.ToArray()]);
        Assert.Equal("\u00070/46\0s@x\0a@y\0", Encoding.Latin1.GetString(to.WrittenSpan));
    }

    [Fact]
    public void An_order_for_nobody_is_none() =>
        Assert.Throws<InvalidDataException>(() => Read("\u00010/46\0s\0\0\0RET=FULL\0\0"u8, 99));

    [Fact]
    public void A_long_form_has_no_more_recipients_than_a_batch()
    {
        string pairs = string.Concat(Enumerable.Repeat("a@y\0\0", 101));
        byte[] bytes = Encoding.Latin1.GetBytes($"\u00010/46\0s\0\0\0\0{pairs}\0");
        Assert.Throws<InvalidDataException>(() => Read(bytes, 4096));
    }

    private static List<string> Read(ReadOnlySpan<byte> bytes, int cutBytes)
    {
        DeliveryCommandReader reader = new();
        List<DeliveryCommand> commands = [];
        for (int at = 0; at < bytes.Length; at += cutBytes)
        {
            reader.Read(bytes.Slice(at, Math.Min(cutBytes, bytes.Length - at)), commands);
        }

        return commands.ConvertAll(command =>
        {
            IEnumerable<string> recipients = command.RecipientParameters.Count == 0
                ? command.Recipients.Select(Encoding.Latin1.GetString)
                : command.Recipients.Zip(command.RecipientParameters, (address, parameters) =>
                    $"{Encoding.Latin1.GetString(address)}"
                    + $"({Encoding.Latin1.GetString(parameters)})");
            string sender = Encoding.Latin1.GetString(command.Sender);
            string mail = Encoding.Latin1.GetString(command.Parameters);
            return $"{command.Slot} {command.Number} <{sender}> [{mail}] "
                + string.Join(' ', recipients);
        });
    }
}
