using System.Buffers;
using System.Text;
using CsCheck;
using Kopis.Base;
using Kopis.Local.Delivery;

namespace Kopis.Local.Tests;

/// <summary>mbox quoting and the loop check, in blocks of every size.</summary>
public class MessageScanTests
{
    private static readonly string[] Parts =
        ["From ", "From", ">", ">>From x", "F", "Fro", "\n", "\n", "x", "from ", "F>"];

    private static readonly Gen<string> Lines =
        Gen.Int[0, Parts.Length - 1].Array[0, 12]
            .Select(indices => string.Concat(indices.Select(i => Parts[i])));

    [Theory]
    [InlineData("", "\n")]
    [InlineData("a", "a\n\n")]
    [InlineData("a\n", "a\n\n")]
    [InlineData("From x\n", ">From x\n\n")]
    [InlineData(">From x\n", ">>From x\n\n")]
    [InlineData("From\nFrom:\n x From y\n", "From\nFrom:\n x From y\n\n")]
    [InlineData("FFrom \n>F\n", "FFrom \n>F\n\n")]
    [InlineData("From ", ">From \n\n")]
    [InlineData("Fro", "Fro\n\n")]
    [InlineData(">>", ">>\n\n")]
    public void From_lines_are_quoted(string message, string expected) =>
        Assert.Equal(expected, Quote(message, 1000));

    [Fact]
    public void Quoting_does_not_depend_on_blocks() =>
        Gen.Select(Lines, Gen.Int[1, 7]).Sample((message, block) =>
            Assert.Equal(PlainlyQuoted(message), Quote(message, block)));

    [Theory]
    [InlineData("Delivered-To: l@h\n\n", true)]
    [InlineData("A: b\nDelivered-To: l@h\n", true)]
    [InlineData("A: b\n Delivered-To: l@h\n\n", false)]
    [InlineData("Delivered-To: l@h", false)]
    [InlineData("Delivered-To: L@h\n\n", false)]
    [InlineData("Delivered-To: l@hh\n\n", false)]
    [InlineData("\nDelivered-To: l@h\n", false)]
    [InlineData("Delivered-To: l@\nDelivered-To: l@h\n", true)]
    [InlineData("Delivered-To: l@hXXXXXXXXXXXXXX\nDelivered-To: l@h\n", true)]
    [InlineData("", false)]
    public void A_loop_is_seen_in_the_header_only(string message, bool found)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(message);
        for (int block = 1; block <= bytes.Length + 1; block++)
        {
            LoopScan scan = new("Delivered-To: l@h\n"u8.ToArray());
            for (int at = 0; at < bytes.Length; at += block)
            {
                if (!scan.Scan(bytes.AsSpan(at, Math.Min(block, bytes.Length - at))))
                {
                    break;
                }
            }

            Assert.Equal(found, scan.Found);
        }
    }

    private static string Quote(string message, int block)
    {
        ArrayBufferWriter<byte> to = new();
        MboxQuoter quoter = new(to);
        byte[] bytes = ByteText.ToBytes(message);
        for (int at = 0; at < bytes.Length; at += block)
        {
            quoter.Write(bytes.AsSpan(at, Math.Min(block, bytes.Length - at)));
        }

        quoter.End();
        return ByteText.ToText(to.WrittenSpan);
    }

    private static string PlainlyQuoted(string message)
    {
        StringBuilder to = new();
        foreach (string line in message.Split('\n').SkipLast(message.EndsWith('\n') ? 1 : 0))
        {
            bool quoted = line.TrimStart('>').StartsWith("From ", StringComparison.Ordinal);
            to.Append(quoted ? ">" : "").Append(line).Append('\n');
        }

        return to.Length == 1 && message.Length == 0 ? "\n" : to.Append('\n').ToString();
    }
}
