using System.Buffers.Binary;

namespace Kopis.Mail.Milter;

/// <summary>One packet of a filter, parsed strictly: missing or surplus data make it invalid.
/// </summary>
/// <param name="Kind">The kind of the reply.</param>
/// <param name="Index">The index of <see cref="MilterReplyKind.InsertHeader"/> and
/// <see cref="MilterReplyKind.ChangeHeader"/>.</param>
/// <param name="First">The first text without its NUL: a name, an address, a reply, or data.
/// </param>
/// <param name="Second">The second text: a value, or parameters; may be empty.</param>
public readonly record struct MilterReply(
    MilterReplyKind Kind, uint Index, byte[] First, byte[] Second)
{
    private const int IndexBytes = 4;

    /// <summary>Parses the packet after its length.</summary>
    public static bool TryParse(ReadOnlySpan<byte> packet, out MilterReply reply)
    {
        reply = default;
        if (packet.IsEmpty)
        {
            return false;
        }

        MilterReplyKind kind = (MilterReplyKind)packet[0];
        ReadOnlySpan<byte> rest = packet[1..];
        switch (kind)
        {
            case MilterReplyKind.Continue or MilterReplyKind.Accept or MilterReplyKind.Discard
                or MilterReplyKind.Reject or MilterReplyKind.Later or MilterReplyKind.Shutdown
                or MilterReplyKind.ConnectionFailed or MilterReplyKind.Skip
                or MilterReplyKind.Progress:
                reply = new MilterReply(kind, 0, [], []);
                return rest.IsEmpty;
            case MilterReplyKind.ReplaceBody or MilterReplyKind.Negotiate:
                reply = new MilterReply(kind, 0, rest.ToArray(), []);
                return true;
            case MilterReplyKind.ReplyCode or MilterReplyKind.AddRecipient
                or MilterReplyKind.DeleteRecipient or MilterReplyKind.Quarantine:
                return TryTexts(kind, 0, rest, 1, 1, out reply);
            case MilterReplyKind.AddRecipientWithParameters or MilterReplyKind.ChangeSender:
                return TryTexts(kind, 0, rest, 1, 2, out reply);
            case MilterReplyKind.AddHeader:
                return TryTexts(kind, 0, rest, 2, 2, out reply);
            case MilterReplyKind.InsertHeader or MilterReplyKind.ChangeHeader:
                return rest.Length >= IndexBytes && TryTexts(
                    kind, BinaryPrimitives.ReadUInt32BigEndian(rest), rest[IndexBytes..], 2, 2,
                    out reply);
            default:
                return false;
        }
    }

    // Texts that each end in a NUL, with nothing after the last.
    private static bool TryTexts(
        MilterReplyKind kind, uint index, ReadOnlySpan<byte> rest, int least, int most,
        out MilterReply reply)
    {
        byte[][] texts = [[], []];
        int count = 0;
        for (; !rest.IsEmpty && count < most; count++)
        {
            int end = rest.IndexOf((byte)0);
            if (end < 0)
            {
                reply = default;
                return false;
            }

            texts[count] = rest[..end].ToArray();
            rest = rest[(end + 1)..];
        }

        reply = new MilterReply(kind, index, texts[0], texts[1]);
        return rest.IsEmpty && count >= least;
    }
}
