using System.Buffers.Binary;
using Kopis.Users.Recipients;

namespace Kopis.Users.Tickets;

/// <summary>The packet that qmail-lookup sends to qmail-popspawn when a user has logged in to read
/// mail.</summary>
/// <remarks>u32 uid, u32 gid, little-endian; the name with a NUL; u8, the kind of request, as in a
/// <see cref="ReaderRequest"/>; the Maildir with a NUL, or for settings the key of
/// <see cref="Settings.SettingsRight"/> in hexadecimal with a NUL; the home with a NUL. qmail-pop3d
/// gets the part from the kind of request on, unchanged.</remarks>
public static class ReaderGrant
{
    /// <summary>The longest packet.</summary>
    public const int BytesMax = ReaderRequest.BytesMax;

    private const int HeadBytes = 8;

    /// <summary>Makes a packet.</summary>
    /// <param name="user">The user.</param>
    /// <param name="session">The kind of request, and the Maildir or key with its NUL.</param>
    public static byte[] Make(RecipientUser user, ReadOnlySpan<byte> session)
    {
        byte[] packet =
            [.. new byte[HeadBytes], .. user.Name, 0, .. session, .. user.Home, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(packet, user.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(4), user.Gid);
        return packet;
    }

    /// <summary>Parses a packet.</summary>
    /// <param name="packet">A packet from qmail-lookup.</param>
    /// <param name="grant">The part for qmail-pop3d.</param>
    /// <returns>The user; null if it is not a grant.</returns>
    public static RecipientUser? Parse(ReadOnlySpan<byte> packet, out byte[] grant)
    {
        grant = [];
        int nameEnd = packet.Length > HeadBytes ? packet[HeadBytes..].IndexOf((byte)0) : -1;
        if (nameEnd < 0 || packet.Length > BytesMax)
        {
            return null;
        }

        ReadOnlySpan<byte> session = packet[(HeadBytes + nameEnd + 1)..];
        int maildirEnd = session.Length > 1 ? session[1..].IndexOf((byte)0) : -1;
        if (maildirEnd < 0 || session[(maildirEnd + 2)..] is not [(byte)'/', .. var home, 0]
            || home.Contains((byte)0))
        {
            return null;
        }

        grant = session.ToArray();
        return new RecipientUser(
            packet.Slice(HeadBytes, nameEnd).ToArray(),
            BinaryPrimitives.ReadUInt32LittleEndian(packet),
            BinaryPrimitives.ReadUInt32LittleEndian(packet[4..]),
            [(byte)'/', .. home], [], []);
    }
}
