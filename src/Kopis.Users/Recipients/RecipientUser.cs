using System.Buffers.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>Whose mail it is: the answer of users/cdb and qmail-getpw (contract §7.2).</summary>
/// <param name="Name">The user.</param>
/// <param name="Uid">Who delivers.</param>
/// <param name="Gid">With which group.</param>
/// <param name="Home">Where the .qmail files are.</param>
/// <param name="Dash">Between the user's name and the extension: empty or a hyphen.</param>
/// <param name="Ext">The extension.</param>
public sealed record RecipientUser(
    byte[] Name, uint Uid, uint Gid, byte[] Home, byte[] Dash, byte[] Ext)
{
    private const int FieldCount = 6;

    /// <summary>What is to be done in place of the host's default delivery, as lines of a .qmail
    /// file; null: the default.</summary>
    public byte[]? Instructions { get; init; }

    /// <summary>A directory of root's word, ended by a slash, below which the home is looked for
    /// through no link; null: the home's path is root's word.</summary>
    public byte[]? Below { get; init; }

    /// <summary>
    /// Reads <c>user\0uid\0gid\0home\0dash\0ext\0</c>; null if it is not that, or an id is
    /// none that a delivery may have (<see cref="ProcessIdentity.IsValid"/>).
    /// </summary>
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

    /// <summary>Whether a local part is this user's by qmail-getpw's rules (contract §7.3): his
    /// name, or that, a hyphen and the extension; alias has all that nobody else has.</summary>
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
