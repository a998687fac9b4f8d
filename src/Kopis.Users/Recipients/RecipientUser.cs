using System.Buffers.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>The user of an address, as users/cdb and qmail-getpw answer (contract §7.2).</summary>
/// <param name="Name">The user.</param>
/// <param name="Uid">The uid that delivers.</param>
/// <param name="Gid">The gid that delivers.</param>
/// <param name="Home">Where the .qmail files are.</param>
/// <param name="Dash">What is between the user's name and the extension: empty or a hyphen.</param>
/// <param name="Ext">The extension.</param>
public sealed record RecipientUser(
    byte[] Name, uint Uid, uint Gid, byte[] Home, byte[] Dash, byte[] Ext)
{
    private const int FieldCount = 6;

    /// <summary>Instructions that replace the host's default delivery, as lines of a .qmail file;
    /// null: the default delivery.</summary>
    public byte[]? Instructions { get; init; }

    /// <summary>A directory that root's files name, with a slash at the end. Below it, the home is
    /// opened without following links. Null: root's files name the home itself.</summary>
    public byte[]? Below { get; init; }

    /// <summary>Parses <c>user\0uid\0gid\0home\0dash\0ext\0</c>; null if it is malformed, or an id
    /// is not allowed for a delivery (<see cref="ProcessIdentity.IsValid"/>).</summary>
    public static RecipientUser? Parse(ReadOnlySpan<byte> text) => Parse(text, out _);

    /// <summary>As <see cref="Parse(ReadOnlySpan{byte})"/>.</summary>
    /// <param name="text">The fields.</param>
    /// <param name="isForRoot">Whether only the ids are wrong.</param>
    public static RecipientUser? Parse(ReadOnlySpan<byte> text, out bool isForRoot)
    {
        isForRoot = false;
        byte[][] fields = new byte[FieldCount][];
        for (int i = 0; i < FieldCount; i++)
        {
            int end = text.IndexOf((byte)0);
            if (end < 0)
            {
                return null;
            }

            fields[i] = text[..end].ToArray();
            text = text[(end + 1)..];
        }

        if (!TryNumber(fields[1], out uint uid) || !TryNumber(fields[2], out uint gid)
            || !fields[3].AsSpan().StartsWith("/"u8))
        {
            return null;
        }

        isForRoot = !ProcessIdentity.IsValid(uid) || !ProcessIdentity.IsValid(gid);
        return isForRoot
            ? null
            : new RecipientUser(fields[0], uid, gid, fields[3], fields[4], fields[5]);
    }

    /// <summary>Whether a local part belongs to this user by qmail-getpw's rules (contract §7.3):
    /// it is the name, or the name, a hyphen and the extension. Alias owns everything that nobody
    /// else owns.</summary>
    public bool Owns(ReadOnlySpan<byte> local)
    {
        byte[] whole = [.. Name, .. Dash, .. Ext];
        return Dash is []
            ? Ext is [] && Ascii8.EqualsIgnoreCase(Name, local)
            : Dash is [(byte)'-']
                && (Name.AsSpan().SequenceEqual("alias"u8)
                    ? Ext.AsSpan().SequenceEqual(local) || Ascii8.EqualsIgnoreCase(whole, local)
                    : Ascii8.EqualsIgnoreCase(whole, local));
    }

    /// <summary>The six fields, each with its NUL.</summary>
    public byte[] ToFields() =>
    [
        .. Name, 0, .. ByteText.ToBytes($"{Uid}\0{Gid}\0"),
        .. Home, 0, .. Dash, 0, .. Ext, 0,
    ];

    private static bool TryNumber(ReadOnlySpan<byte> text, out uint number) =>
        Utf8Parser.TryParse(text, out number, out int used) && used == text.Length;
}
