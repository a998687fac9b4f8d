using System.Buffers;

namespace Kopis.Mail.Authentication.Results;

/// <summary>The Authentication-Results field that this host has written into a message, for
/// programs.</summary>
public static class ResultsText
{
    /// <summary>The environment variable with the field; it is not set if nothing was checked.
    /// </summary>
    public const string Variable = "AUTHENTICATION_RESULTS";

    /// <summary>How many bytes of a message suffice to find the field.</summary>
    public const int SearchBytes = 16 * 1024;

    private static readonly byte[] Name = "Authentication-Results: "u8.ToArray();
    private static readonly byte[] QueuesLine = "Received: (qmail "u8.ToArray();
    private static readonly byte[] FromNetwork = " invoked from network); "u8.ToArray();

    /// <summary>The value of a field, in one line.</summary>
    /// <param name="fields">Begins with the field; lines end in LF.</param>
    public static byte[] Unfold(ReadOnlySpan<byte> fields)
    {
        ArrayBufferWriter<byte> value = new();
        ReadOnlySpan<byte> rest = fields[(fields.IndexOf((byte)':') + 1)..];
        do
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? rest : rest[..end]).Trim(" \t"u8);
            value.Write(value.WrittenCount > 0 && line.Length > 0 ? " "u8 : ""u8);
            value.Write(line);
            rest = end < 0 ? [] : rest[(end + 1)..];
        }
        while (rest is [(byte)' ' or (byte)'\t', ..]);
        return value.WrittenSpan.ToArray();
    }

    /// <summary>The value in a message of the queue, in one line; null if it has no field of ours.
    /// The field is ours only directly after the queue's own line, and only if the message came
    /// from the network: a local program could have forged it.</summary>
    /// <param name="message">The beginning of the message.</param>
    public static byte[]? OfQueued(ReadOnlySpan<byte> message)
    {
        int end = message.IndexOf((byte)'\n');
        return end > 0 && message.StartsWith(QueuesLine)
            && message[..end].IndexOf(FromNetwork) > 0 && message[(end + 1)..].StartsWith(Name)
            ? Unfold(message[(end + 1)..]) : null;
    }
}
