using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// <c>users/virtual</c>: one user a line, <c>address:hash:home</c>, the home relative to
/// <c>users</c> (kopis-user(1)). Read anew when the file has changed; written by
/// <see cref="VirtualUsersFile"/>.
/// </summary>
public sealed class VirtualUsers
{
    private readonly string _users;
    private readonly byte[] _path;
    private readonly Lock _lock = new();
    private Dictionary<string, VirtualMailbox> _mailboxes = [];
    private (ulong Inode, long Size, DateTimeOffset Modified) _seen;

    /// <summary>The users of a qmail home.</summary>
    public VirtualUsers(string homeDirectory)
    {
        _users = Path.Combine(homeDirectory, "users");
        _path = Fd.PathBytes(FileName(homeDirectory));
    }

    /// <summary>Where the users of a home are kept.</summary>
    public static string FileName(string homeDirectory) =>
        Path.Combine(homeDirectory, "users", "virtual");

    /// <summary>The user with exactly this address, but for ASCII case; null if there is none.
    /// </summary>
    /// <exception cref="ConfigurationException">The file cannot be read or understood: better no
    /// delivery now than a bounce.</exception>
    public VirtualMailbox? Find(ReadOnlySpan<byte> address) =>
        Current().GetValueOrDefault(ByteText.ToText(Ascii8.ToLower(address)));

    /// <summary>All users, by address.</summary>
    public IReadOnlyList<VirtualMailbox> List() =>
        [.. Current().Values.OrderBy(user => user.Address, StringComparer.Ordinal)];

    public static Dictionary<string, VirtualMailbox> Parse(string users, byte[] content)
    {
        Dictionary<string, VirtualMailbox> mailboxes = new(StringComparer.Ordinal);
        int number = 0;
        foreach (string line in ByteText.ToText(content).Split('\n'))
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (ParseLine(users, line) is not { } mailbox)
            {
                throw Bad(users, $"line {number} is not address:hash:home");
            }

            if (!mailboxes.TryAdd(mailbox.Address, mailbox))
            {
                throw Bad(users, $"line {number}: {mailbox.Address} is there twice");
            }
        }

        return mailboxes;
    }

    private static VirtualMailbox? ParseLine(string users, string line)
    {
        string[] fields = line.Split(':');
        bool valid = fields.Length == 3
            && VirtualAddress.Check(fields[0]) is null
            && PasswordHash.IsValid(fields[1])
            && !fields[2].AsSpan().ContainsAnyInRange('\0', '\x1f')
            && !fields[2].Split('/').Any(part => part is "" or "." or "..");
        return valid
            ? new VirtualMailbox(fields[0], Path.Combine(users, fields[2]), fields[1])
            : null;
    }

    private static ConfigurationException Bad(string users, string reason) =>
        new($"{Path.Combine(users, "virtual")}: {reason}");

    private Dictionary<string, VirtualMailbox> Current()
    {
        lock (_lock)
        {
            FileStatus? status = Fd.TryStatus(_path, out int errno);
            if (status is null)
            {
                _seen = default;
                return errno == Errno.NoEntry
                    ? _mailboxes = []
                    : throw new ConfigurationException(
                        new PosixException("stat users/virtual", errno).Message);
            }

            var now = (status.Value.Inode, status.Value.Size, status.Value.Modified);
            if (now != _seen)
            {
                _mailboxes = Parse(_users, Read());
                _seen = now;
            }

            return _mailboxes;
        }
    }

    private byte[] Read()
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(_users, "virtual"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{_users}/virtual: {e.Message}", e);
        }
    }
}
