using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Users.Recipients;

/// <summary>What the lines of a .qmail file will do with an address, as far as that is known before
/// delivery: by fastforward's database, by vpopmail's users, and by programs that refuse all mail.
/// If it is not known, the mail is accepted.</summary>
/// <param name="files">Opens the files that the lines name, with the user's rights.</param>
/// <param name="user">The user of the .qmail file.</param>
/// <param name="local">The local part, as the channel has it.</param>
/// <param name="domain">The domain, as the channel has it.</param>
/// <param name="defaultPart">The value of DEFAULT; null: not set.</param>
internal sealed class KnownPrograms(
    UsersFiles files, RecipientUser user, byte[] local, byte[] domain, byte[]? defaultPart)
{
    private const string Refusal = "100"; // qmail-command(8): bounce.

    /// <summary>Judges the lines in order.</summary>
    internal LookupVerdict Judge(ReadOnlySpan<byte> content)
    {
        foreach (Range range in content.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = content[range];
            int nul = line.IndexOf((byte)0);
            line = WrittenLine.TrimEnd(nul < 0 ? line : line[..nul]);
            if (line is [] or [(byte)'#', ..])
            {
                continue;
            }

            // Any other line is a delivery. The first line that decides counts.
            LookupVerdict? verdict = line[0] != (byte)'|' || ShellArguments.Split(line[1..])
                is not [var program, .. var words] ? LookupVerdict.Yes : Ask(program, words);
            if (verdict is { } known)
            {
                return known;
            }
        }

        return LookupVerdict.Yes;
    }

    // Null if the next line decides.
    private LookupVerdict? Ask(string program, List<string> words) =>
        (program[(program.LastIndexOf('/') + 1)..], words) switch
        {
            ("fastforward", _) => AskFastForward(words),
            ("vdelivermail", [_, "bounce-no-mailbox", ..]) => AskVpopmail(),
            ("bouncesaying", [_]) => LookupVerdict.No,
            ("exit", [Refusal]) => LookupVerdict.No,
            _ => LookupVerdict.Yes,
        };

    private LookupVerdict? AskFastForward(List<string> words)
    {
        bool passesThrough = false;
        bool isForDefault = false;
        int at = 0;
        for (; at < words.Count && words[at] is ['-', _, ..] and not "--"; at++)
        {
            foreach (char letter in words[at].AsSpan(1))
            {
                switch (letter)
                {
                    case 'p' or 'P':
                        passesThrough = letter == 'p';
                        break;
                    case 'd' or 'D':
                        isForDefault = letter == 'd';
                        break;
                    default:
                        return LookupVerdict.Yes; // With -n it only prints.
                }
            }
        }

        at += at < words.Count && words[at] == "--" ? 1 : 0;
        if (at == words.Count)
        {
            return LookupVerdict.Yes;
        }

        byte[] address =
            [.. isForDefault ? defaultPart ?? user.Ext : local, (byte)'@', .. domain];
        LookupVerdict verdict = Find(
            words[at],
            ForwardKeys.Of(address).Select(key => (byte[])[(byte)':', .. Ascii8.ToLower(key)]));
        return verdict == LookupVerdict.No && passesThrough ? null : verdict;
    }

    // As vpopmail with its qmail-ext option, by which joe-list belongs to joe.
    private LookupVerdict AskVpopmail()
    {
        byte[] name = Ascii8.ToLower(user.Ext);
        List<byte[]> names = [name];
        for (int end = name.Length - 1; end > 0; end--)
        {
            if (name[end] == (byte)'-')
            {
                names.Add(name[..end]);
            }
        }

        LookupVerdict verdict = Find("vpasswd.cdb", names, out int errno);

        // vpopmail may keep its users in another kind of database.
        return errno == Errno.NoEntry ? LookupVerdict.Yes : verdict;
    }

    private LookupVerdict Find(string path, IEnumerable<byte[]> keys) => Find(path, keys, out _);

    private LookupVerdict Find(string path, IEnumerable<byte[]> keys, out int errno)
    {
        int fd = files.TryOpen(ByteText.ToBytes(path), out errno);
        if (fd < 0)
        {
            // A missing file may come back, so the answer is Later. If the user may not read it, we
            // do not know, and the mail is accepted.
            return errno == Errno.NoEntry ? LookupVerdict.Later : LookupVerdict.Yes;
        }

        try
        {
            using CdbFile? table = CdbFile.TryTake(fd);
            return table is null ? LookupVerdict.Later
                : keys.Any(key => table.Find(key) is not null) ? LookupVerdict.Yes
                : LookupVerdict.No;
        }
        catch (Exception e) when (e is InvalidDataException or PosixException)
        {
            return LookupVerdict.Later;
        }
    }
}
