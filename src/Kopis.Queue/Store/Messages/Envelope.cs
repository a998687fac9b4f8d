using Kopis.Mail.Dsn;
using Kopis.Queue.Intake;

namespace Kopis.Queue.Store.Messages;

/// <summary>Sender and recipients in qmail-queue's form: <c>F</c>sender<c>\0</c> (<c>T</c>recipient
/// <c>\0</c>)* <c>\0</c>. The sender and each recipient may be followed by <c>P</c>parameters<c>\0
/// </c>, their ESMTP parameters. The bytes were checked by <see cref="Check"/> or by the record's
/// CRC.</summary>
public readonly struct Envelope(ReadOnlyMemory<byte> bytes)
{
    /// <summary>The longest address, including its NUL (ADDR of qmail-queue.c).</summary>
    public const int AddressBytesMax = 1003;

    /// <summary>The bytes of the envelope in the queue.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>The envelope sender; may be empty or <c>#@[]</c>.</summary>
    public ReadOnlyMemory<byte> Sender => Bytes.Slice(1, Bytes.Span.IndexOf((byte)0) - 1);

    /// <summary>The parameters of MAIL in canonical form; empty if there are none.</summary>
    public ReadOnlyMemory<byte> Parameters =>
        ReadParameters(Bytes[(Bytes.Span.IndexOf((byte)0) + 1)..], out _);

    /// <summary>The recipients in order, as given.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Recipients
    {
        get
        {
            foreach (EnvelopeRecipient recipient in RecipientsWithParameters)
            {
                yield return recipient.Address;
            }
        }
    }

    /// <summary>The same, each with its parameters.</summary>
    public IEnumerable<EnvelopeRecipient> RecipientsWithParameters
    {
        get
        {
            ReadParameters(
                Bytes[(Bytes.Span.IndexOf((byte)0) + 1)..], out ReadOnlyMemory<byte> rest);
            while (rest.Span[0] == (byte)'T')
            {
                int end = rest.Span.IndexOf((byte)0);
                ReadOnlyMemory<byte> address = rest[1..end];
                ReadOnlyMemory<byte> parameters = ReadParameters(rest[(end + 1)..], out rest);
                yield return new EnvelopeRecipient(address, parameters);
            }
        }
    }

    /// <summary>Whether anything in it has parameters.</summary>
    public bool HasParameters => MayHaveParameters(Bytes.Span);

    /// <summary>The same without parameters: what qmail's own programs understand.</summary>
    public byte[] WithoutParameters() => Format(Sender.Span, Recipients);

    /// <summary>Makes the bytes. No address may contain a NUL.</summary>
    public static byte[] Format(
        ReadOnlySpan<byte> sender, IEnumerable<ReadOnlyMemory<byte>> recipients) =>
        Format(sender, default, recipients.Select(
            address => new EnvelopeRecipient(address, default)));

    /// <summary>The same with parameters in canonical form; empty ones are left out.</summary>
    public static byte[] Format(
        ReadOnlySpan<byte> sender, MessageParameters parameters,
        IEnumerable<EnvelopeRecipient> recipients)
    {
        using MemoryStream to = new();
        Write(to, (byte)'F', sender);
        WriteParameters(to, parameters.ToBytes());
        foreach (EnvelopeRecipient recipient in recipients)
        {
            Write(to, (byte)'T', recipient.Address.Span);
            WriteParameters(to, recipient.Parameters.Span);
        }

        to.WriteByte(0);
        return to.ToArray();
    }

    /// <summary>Checks whether bytes from outside are exactly one envelope.</summary>
    /// <returns>0, 11 (an address is too long), 54 (it ends early) or 91 (it is not an envelope).
    /// </returns>
    public static int Check(ReadOnlySpan<byte> bytes)
    {
        EnvelopeReader reader = default;
        int used = reader.Read(bytes);
        return reader.Code != 0 ? reader.Code
            : used < bytes.Length ? QueueCode.EnvelopeFormat
            : MayHaveParameters(bytes) && !HasSoundParameters(bytes) ? QueueCode.EnvelopeFormat
            : 0;
    }

    /// <summary>Whether there is a P after a NUL. In a well-formed envelope that is always the
    /// beginning of parameters.</summary>
    internal static bool MayHaveParameters(ReadOnlySpan<byte> bytes) =>
        bytes.IndexOf("\0P"u8) >= 0;

    /// <summary>Whether all parameters of a well-formed envelope are in canonical form.</summary>
    private static bool HasSoundParameters(ReadOnlySpan<byte> bytes)
    {
        bool isSender = true;
        while (!bytes.IsEmpty && bytes[0] != 0)
        {
            byte tag = bytes[0];
            int end = bytes.IndexOf((byte)0);
            ReadOnlySpan<byte> text = bytes[1..end];
            bytes = bytes[(end + 1)..];
            if (tag != (byte)'P')
            {
                isSender = tag == (byte)'F';
            }
            else if (isSender
                ? !MessageParameters.TryParse(text, out _)
                : !RecipientParameters.TryParse(text, out _))
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlyMemory<byte> ReadParameters(
        ReadOnlyMemory<byte> at, out ReadOnlyMemory<byte> rest)
    {
        rest = at;
        if (at.Span[0] != (byte)'P')
        {
            return default;
        }

        int end = at.Span.IndexOf((byte)0);
        rest = at[(end + 1)..];
        return at[1..end];
    }

    private static void Write(MemoryStream to, byte tag, ReadOnlySpan<byte> text)
    {
        to.WriteByte(tag);
        to.Write(text);
        to.WriteByte(0);
    }

    private static void WriteParameters(MemoryStream to, ReadOnlySpan<byte> parameters)
    {
        if (!parameters.IsEmpty)
        {
            Write(to, (byte)'P', parameters);
        }
    }
}
