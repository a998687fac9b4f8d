using System.Globalization;
using Kopis.Base;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.QmailFormat;

/// <summary>Parses the small files of a qmail queue (contract §4): records of a letter and a value,
/// each ended by a NUL. Pure; a malformed file throws <see cref="InvalidDataException"/>.</summary>
internal static class QmailRecords
{
    /// <summary>Splits a file into records.</summary>
    /// <param name="content">The whole file.</param>
    /// <param name="letters">The letters that may begin a record.</param>
    internal static List<(char Letter, byte[] Value)> Split(
        ReadOnlySpan<byte> content, string letters)
    {
        List<(char, byte[])> records = [];
        while (!content.IsEmpty)
        {
            int end = content.IndexOf((byte)0);
            if (end < 1 || !letters.Contains((char)content[0]))
            {
                throw new InvalidDataException(end < 0
                    ? "its last record is cut short"
                    : "it has an invalid record");
            }

            records.Add(((char)content[0], content[1..end].ToArray()));
            content = content[(end + 1)..];
        }

        return records;
    }

    /// <summary>The sender in an info file.</summary>
    internal static byte[] Sender(ReadOnlySpan<byte> info) =>
        Split(info, "F") is [(_, byte[] sender)]
            ? sender
            : throw new InvalidDataException("it is not one sender");

    /// <summary>The recipients in a local or remote file that are not done.</summary>
    internal static List<byte[]> ToDo(ReadOnlySpan<byte> recipients) =>
        [.. Split(recipients, "TD").Where(record => record.Letter == 'T')
            .Select(record => record.Value)];

    /// <summary>The sender and the recipients in a todo file.</summary>
    internal static (byte[] Sender, List<byte[]> Recipients) Todo(ReadOnlySpan<byte> todo)
    {
        List<(char Letter, byte[] Value)> records = Split(todo, "upFT");
        byte[][] senders = [.. records.Where(record => record.Letter == 'F')
            .Select(record => record.Value)];
        return senders is [byte[] sender]
            ? (sender, [.. records.Where(record => record.Letter == 'T')
                .Select(record => record.Value)])
            : throw new InvalidDataException("it is not of one sender");
    }

    /// <summary>Who queued a message, by the first line, which qmail-queue has written:
    /// <c>Received: (qmail 19002 invoked by uid 1000); …</c>.</summary>
    internal static (uint Qp, uint? Uid, MessageOrigin Origin) Invoker(ReadOnlySpan<byte> mess)
    {
        int end = mess.IndexOf((byte)';');
        string[] words = ByteText.ToText(mess[..Math.Clamp(end, 0, 200)])
            .Split([' ', ')'], StringSplitOptions.RemoveEmptyEntries);
        if (words is not ["Received:", "(qmail", string pid, "invoked", _, _, ..])
        {
            return (0, null, MessageOrigin.Local);
        }

        MessageOrigin origin = (words[4], words[5]) switch
        {
            ("from", "network") => MessageOrigin.Network,
            ("for", "bounce") => MessageOrigin.Bounce,
            _ => MessageOrigin.Local,
        };
        uint? uid = words is [.., "uid", string number] ? Number(number) : null;
        return (Number(pid) ?? 0, uid, origin);
    }

    private static uint? Number(string digits) => uint.TryParse(
        digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
        ? number
        : null;
}
