using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Host.Install;

namespace Kopis.Host.Backup;

/// <summary>The list of what a backup contains: lines of words, and at the end the hash of all
/// lines before. Without that hash it is not a backup. Text only; no I/O (kopis-backup(1)).
/// </summary>
internal sealed class BackupManifest
{
    /// <summary>The list's name in a backup; it is written last.</summary>
    internal const string FileName = "manifest";

    /// <summary>The longest list: that of some four million files.</summary>
    internal const int BytesMax = 1 << 30;

    private const string First = "kopis-backup 1";
    private const string End = "end";
    private const int PermissionsMax = 0x5FF; // 02777
    private const int FilePermissionsMax = 0x1FF; // 0777
    private const string RoomOfLinks = "control/"; // The only directory whose links are kept.
    private const int HashDigits = 64;

    // The directories of a home that are backed up. A restore writes nothing else.
    private static readonly string[] Rooms = [.. HomeManifest.Entries
        .Select(entry => entry.Path.Split('/')[0])
        .Where(room => room is not ("" or "bin" or "man"))
        .Distinct()];

    /// <summary>When the backup began. Mail accepted before this is in it, or was delivered.
    /// </summary>
    internal required DateTimeOffset Began { get; init; }

    /// <summary>The home that was backed up.</summary>
    internal required string Home { get; init; }

    /// <summary>How many unfinished messages the queue has.</summary>
    internal required int Unfinished { get; init; }

    /// <summary>Whether it contains mailboxes.</summary>
    internal required bool HasMail { get; init; }

    /// <summary>The entries; each directory comes before what is in it.</summary>
    internal required IReadOnlyList<BackupEntry> Entries { get; init; }

    /// <summary>The directories of a home that are backed up.</summary>
    internal static IReadOnlyList<string> AllRooms => Rooms;

    /// <summary>The text, with its hash.</summary>
    internal byte[] Format()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{First}\n");
        text.Append(CultureInfo.InvariantCulture,
            $"began {Began.ToString("O", CultureInfo.InvariantCulture)}\n");
        text.Append(CultureInfo.InvariantCulture, $"home {Escape(Home)}\n");
        text.Append(CultureInfo.InvariantCulture, $"unfinished {Unfinished}\n");
        text.Append(CultureInfo.InvariantCulture, $"mail {(HasMail ? 1 : 0)}\n");
        foreach (BackupEntry entry in Entries)
        {
            string common = string.Create(CultureInfo.InvariantCulture,
                $"{Convert.ToString(entry.Mode, 8)} {entry.Owner} {entry.Group}");
            string line = entry.Kind switch
            {
                BackupKind.Directory => $"dir {common}",
                BackupKind.Link => $"link {common} {Escape(entry.Content)}",
                _ => string.Create(CultureInfo.InvariantCulture,
                    $"file {common} {entry.Size} {entry.ModifiedTicks} {entry.Inode} "
                    + $"{entry.Content}"),
            };
            text.Append(CultureInfo.InvariantCulture, $"{line} {Escape(entry.Path)}\n");
        }

        byte[] before = Encoding.ASCII.GetBytes(text.ToString());
        return
        [
            .. before,
            .. Encoding.ASCII.GetBytes(
                $"{End} {Convert.ToHexStringLower(SHA256.HashData(before))}\n"),
        ];
    }

    /// <summary>Parses a list; null if it is cut short, changed, or contains what no list may.
    /// </summary>
    internal static BackupManifest? Parse(ReadOnlySpan<byte> bytes)
    {
        int tail = End.Length + 1 + HashDigits + 1;
        if (bytes.Length < tail || !bytes[^tail..].SequenceEqual(Encoding.ASCII.GetBytes(
            $"{End} {Convert.ToHexStringLower(SHA256.HashData(bytes[..^tail]))}\n")))
        {
            return null;
        }

        string[] lines = Encoding.ASCII.GetString(bytes[..^tail]).Split('\n');
        if (lines.Length < 6 || lines[0] != First || lines[^1].Length > 0
            || Value(lines[1], "began") is not { } began
            || !DateTimeOffset.TryParseExact(
                began, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            || Value(lines[2], "home") is not { } home || Unescape(home) is not { } place
            || Value(lines[3], "unfinished") is not { } count
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int left)
            || lines[4] is not ("mail 0" or "mail 1"))
        {
            return null;
        }

        List<BackupEntry> entries = new(lines.Length);
        foreach (string line in lines[5..^1])
        {
            if (ParseEntry(line) is not { } entry)
            {
                return null;
            }

            entries.Add(entry);
        }

        return new BackupManifest
        {
            Began = time,
            Home = place,
            Unfinished = left,
            HasMail = lines[4] == "mail 1",
            Entries = entries,
        };
    }

    private static string? Value(string line, string word) =>
        line.StartsWith(word + " ", StringComparison.Ordinal) ? line[(word.Length + 1)..] : null;

    private static BackupEntry? ParseEntry(string line)
    {
        string[] words = line.Split(' ');
        BackupKind kind = words[0] switch
        {
            "dir" when words.Length == 5 => BackupKind.Directory,
            "link" when words.Length == 6 => BackupKind.Link,
            _ => BackupKind.File,
        };
        if ((kind == BackupKind.File && (words[0] != "file" || words.Length != 9))
            || ParseMode(words[1]) is not { } mode || !IsName(words[2]) || !IsName(words[3])
            || Unescape(words[^1]) is not { } path || !IsBelowHome(path)
            || (kind == BackupKind.File && mode > FilePermissionsMax)
            || (kind == BackupKind.Link
                && !path.StartsWith(RoomOfLinks, StringComparison.Ordinal)))
        {
            return null;
        }

        BackupEntry entry = new(kind, path, mode, words[2], words[3]);
        if (kind != BackupKind.File)
        {
            return kind == BackupKind.Directory ? entry
                : Unescape(words[4]) is { Length: > 0 } target ? entry with { Content = target }
                : null;
        }

        return long.TryParse(
                words[4], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && long.TryParse(
                words[5], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && ticks <= DateTime.MaxValue.Ticks
            && ulong.TryParse(
                words[6], NumberStyles.None, CultureInfo.InvariantCulture, out var inode)
            && IsHash(words[7])
                ? entry with
                {
                    Size = size,
                    ModifiedTicks = ticks,
                    Inode = inode,
                    Content = words[7],
                }
                : null;
    }

    /// <summary>Whether a text is a hash in our form.</summary>
    internal static bool IsHash(string text) =>
        text.Length == HashDigits && text.All(char.IsAsciiHexDigitLower);

    private static int? ParseMode(string octal)
    {
        int mode = 0;
        foreach (char digit in octal)
        {
            mode = (mode * 8) + digit - '0';
            if (digit is < '0' or > '7' || mode > PermissionsMax)
            {
                return null;
            }
        }

        return octal.Length > 0 ? mode : null;
    }

    private static bool IsName(string word) => word.Length is > 0 and <= 32
        && word.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));

    /// <summary>Whether a path stays below the directories of a backup, whatever it is joined to.
    /// </summary>
    private static bool IsBelowHome(string path)
    {
        string[] parts = path.Split('/');
        return Rooms.Contains(parts[0])
            && Array.TrueForAll(parts, part => part is not ("" or "." or ".."))
            && !path.Contains('\0');
    }

    private static string Escape(string text)
    {
        StringBuilder escaped = new();
        foreach (byte b in RawText.ToBytes(text))
        {
            if (b is > (byte)' ' and <= (byte)'~' and not (byte)'%')
            {
                escaped.Append((char)b);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"%{b:x2}");
            }
        }

        return escaped.ToString();
    }

    private static string? Unescape(string text)
    {
        byte[] bytes = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                bytes[length++] = (byte)text[i];
            }
            else if (i + 2 < text.Length && byte.TryParse(
                text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture, out bytes[length]))
            {
                length++;
                i += 2;
            }
            else
            {
                return null;
            }
        }

        return RawText.Of(bytes.AsSpan(0, length));
    }
}
