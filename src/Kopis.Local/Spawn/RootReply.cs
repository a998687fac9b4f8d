using System.Buffers.Binary;

namespace Kopis.Local.Spawn;

/// <summary>The answer of root's half of qmail-lspawn about an address: which qmail-local the
/// delivery was granted to. If that one is new, the socket to it comes with the packet.</summary>
/// <param name="Id">The number of the question.</param>
/// <param name="Local">The number of the qmail-local; root counts them.</param>
/// <param name="Code">0, or why there is none (<see cref="Users.Recipients.SpawnCode"/>).</param>
internal readonly record struct RootReply(uint Id, uint Local, byte Code)
{
    /// <summary>The length of the packet.</summary>
    internal const int Bytes = 9;

    /// <summary>Makes the packet.</summary>
    internal byte[] Format()
    {
        byte[] packet = new byte[Bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(packet, Id);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(4), Local);
        packet[8] = Code;
        return packet;
    }

    /// <summary>Parses a packet.</summary>
    internal static RootReply Parse(ReadOnlySpan<byte> packet) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(packet),
        BinaryPrimitives.ReadUInt32LittleEndian(packet[4..]),
        packet[8]);
}
