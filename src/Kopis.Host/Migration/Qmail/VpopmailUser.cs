using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Migration.Qmail;

/// <summary>A user of vpopmail: a line <c>name:hash:uid:flags:gecos:directory:quota[:password]</c>
/// of a domain's <c>vpasswd</c>, or a record of its <c>vpasswd.cdb</c> if there is no text.
/// </summary>
/// <param name="Name">The name, in lower case.</param>
/// <param name="Flags">What the user may not do; 0 for no restriction.</param>
/// <param name="Home">The user's directory.</param>
/// <param name="Quota">The quota in vpopmail's form.</param>
/// <param name="Clear">The password in plain text, if vpopmail keeps it; else empty.</param>
/// <param name="Line">The place of the line.</param>
internal sealed record VpopmailUser(
    string Name, string Flags, string Home, string Quota, string Clear, ForeignLine Line)
{
    private const int FileBytesMax = 256 * 1024 * 1024;
    private const string Text = "vpasswd", Table = "vpasswd.cdb";

    /// <summary>Whether a directory holds a domain of vpopmail that keeps its users in a file.
    /// </summary>
    internal static bool AreAt(string place) =>
        File.Exists(Path.Combine(place, Text)) || File.Exists(Path.Combine(place, Table));

    /// <summary>The users of a domain; malformed lines are added to the plan's losses.</summary>
    internal static List<VpopmailUser> Read(string place, SitePlan plan)
    {
        List<VpopmailUser> users = [];
        foreach (ForeignLine line in Lines(place, plan))
        {
            if (line.Text.Split(':') is [{ Length: > 0 } name, _, _, var flags, _, var home,
                var quota, .. var more])
            {
                users.Add(new VpopmailUser(
                    name.ToLowerInvariant(), flags, Path.TrimEndingDirectorySeparator(home), quota,
                    more is [var clear, ..] ? clear : "", line));
            }
            else if (line.Text.Length > 0)
            {
                plan.Lose(line, "this line", "not a line of vpasswd"); // It may hold a password.
            }
        }

        return users;
    }

    private static List<ForeignLine> Lines(string place, SitePlan plan)
    {
        string path = Path.Combine(place, Text);
        if (ForeignText.TryRead(path, out string why) is { } lines)
        {
            return lines;
        }

        if (Path.Exists(path))
        {
            plan.Lose($"{path}: {why}");
            return [];
        }

        path = Path.Combine(place, Table);
        List<ForeignLine> records = [];
        try
        {
            byte[] image = BoundedFile.TryRead(path, FileBytesMax, out int errno)
                ?? throw new PosixException($"read {path}", errno);
            foreach ((ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> data) in
                Cdb.IsWhole(image) ? Cdb.Records(image)
                    : throw new InvalidDataException("the cdb file is cut short"))
            {
                records.Add(new ForeignLine(path, records.Count + 1,
                    $"{ByteText.ToText(key.Span)}:"
                        + ByteText.ToText(data.Span).TrimEnd('\n', '\0')));
            }
        }
        catch (Exception e) when (e is InvalidDataException or PosixException)
        {
            plan.Lose($"{path}: {e.Message}");
        }

        return records;
    }
}
