using System.Buffers;
using Kopis.Config.Maps;
using Kopis.Queue.Store.Messages;

namespace Kopis.Send.Scheduling;

/// <summary>Some recipients of a long envelope, with addresses as their channels know them.
/// </summary>
internal sealed class EnvelopePortion
{
    /// <summary>How many recipients each portion but the last has: some 32 KiB of typical
    /// addresses.</summary>
    internal const int RecipientsMax = 1024;

    private readonly byte[] _packed;
    private readonly uint[] _marks; // End in _packed << 1 | channel.

    private EnvelopePortion(byte[] packed, uint[] marks) => (_packed, _marks) = (packed, marks);

    /// <summary>Bytes of memory.</summary>
    internal long MemoryBytes => _packed.Length + (sizeof(uint) * _marks.Length);

    /// <summary>Parses a portion. The envelope was valid when it was opened, but a process that may
    /// write to the queue may have changed it since.</summary>
    /// <returns>Null if the portion is not valid any more.</returns>
    internal static EnvelopePortion? Parse(
        ReadOnlySpan<byte> bytes, int recipients, AddressMap addresses)
    {
        ArrayBufferWriter<byte> packed = new(Math.Max(1, bytes.Length));
        uint[] marks = new uint[recipients];
        for (int i = 0; i < recipients; i++)
        {
            int end = bytes.IndexOf((byte)0);
            if (end < 1 || end > Envelope.AddressBytesMax || bytes[0] != (byte)'T')
            {
                return null;
            }

            packed.Write(addresses.Route(bytes[1..end], out bool isLocal));
            marks[i] = ((uint)packed.WrittenCount << 1) | (isLocal ? 0u : 1u);
            bytes = bytes[(end + 1)..];
            if (!bytes.IsEmpty && bytes[0] == (byte)'P')
            {
                bytes = bytes[(bytes.IndexOf((byte)0) + 1)..];
            }
        }

        return bytes.IsEmpty ? new EnvelopePortion(packed.WrittenSpan.ToArray(), marks) : null;
    }

    internal ReadOnlySpan<byte> Address(int index)
    {
        int start = index == 0 ? 0 : (int)(_marks[index - 1] >> 1);
        return _packed.AsSpan(start, (int)(_marks[index] >> 1) - start);
    }

    internal DeliveryChannel Channel(int index) =>
        (_marks[index] & 1) != 0 ? DeliveryChannel.Remote : DeliveryChannel.Local;
}
