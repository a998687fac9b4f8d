using System.Buffers.Binary;

namespace Kopis.Local.Spawn;

/// <summary>What root's half of qmail-lspawn says about an address that it was asked about: which
/// qmail-local has its delivery granted. The socket to a new one comes with the packet.</summary>
/// <param name="Id">The number that the question had.</param>
/// <param name="Local">The qmail-local; root counts them.</param>
/// <param name="Code">0, or why there is none (<see cref="Users.Recipients.SpawnCode"/>).</param>
internal readonly record struct RootReply(uint Id, uint Local, byte Code)
{
    /// <summary>Its length.</summary>
    internal const int Bytes = 9;

    /// <summary>As a packet.</summary>
    internal byte[] Format()
    {
        byte[] packet = new byte[Bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(packet, Id);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(4), Local);
        packet[8] = Code;
        return packet;
    }

    /// <summary>From a packet.</summary>
    internal static RootReply Parse(ReadOnlySpan<byte> packet) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(packet),
        BinaryPrimitives.ReadUInt32LittleEndian(packet[4..]),
        packet[8]);
}
