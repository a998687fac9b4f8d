using Kopis.Base;
using Kopis.Users.Logins;

namespace Kopis.Users.Virtual;

/// <summary><c>users/virtual</c>: one user a line, <c>address:hash:home</c>, with the home relative
/// to <c>users</c> (kopis-user(1)). Read again when the file has changed; written by
/// <see cref="VirtualUsersFile"/>.</summary>
/// <param name="homeDirectory">The qmail home.</param>
/// <param name="complain">Logs wrong lines, each once; null: no log.</param>
public sealed class VirtualUsers(string homeDirectory, Action<string>? complain = null)
{
    internal static readonly TableFormat Format =
        new("virtual", "address:hash:home", (key, rest) => ParseLine("", key, rest) is not null);

    private readonly string _users = UsersDirectory(homeDirectory);
    private readonly TableReader _table =
        new(UsersDirectory(homeDirectory), Format, complain);

    /// <summary>Where the users of a home are kept.</summary>
    public static string FileName(string homeDirectory) =>
        Format.TextPath(UsersDirectory(homeDirectory));

    /// <summary>The user with exactly this address, ignoring ASCII case; null if there is none.
    /// </summary>
    /// <exception cref="ConfigurationException">The file cannot be read, or that line cannot be
    /// parsed: it is better to defer mail than to bounce it.</exception>
    public VirtualMailbox? Find(ReadOnlySpan<byte> address)
    {
        byte[] key = Ascii8.ToLower(address);
        return _table.Find(key) is not { } rest ? null
            : ParseLine(_users, ByteText.ToText(key), rest)
                ?? throw Format.Bad(_users, "its index is damaged");
    }

    /// <summary>All users, by address.</summary>
    public IReadOnlyList<VirtualMailbox> List() =>
        [.. _table.List().Select(line => ParseLine(_users, line.Key, line.Value)!)];

    /// <summary>What is wrong with the file, by line.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    public IReadOnlyList<string> Faults() => _table.Faults();

    /// <summary>Parses a whole file; wrong lines are skipped.</summary>
    public static Dictionary<string, VirtualMailbox> Parse(string users, byte[] content) =>
        Format.Parse(content, out _).Where(line => Format.IsRight(line.Key, line.Value))
            .ToDictionary(line => line.Key, line => ParseLine(users, line.Key, line.Value)!);

    internal static string UsersDirectory(string homeDirectory) =>
        Path.Combine(homeDirectory, "users");

    internal static VirtualMailbox? ParseLine(string users, string address, string rest)
    {
        string[] fields = rest.Split(':');
        bool valid = fields.Length == 2
            && VirtualAddress.Check(address) is null
            && PasswordHash.IsValid(fields[0])
            && !fields[1].AsSpan().ContainsAnyInRange('\0', '\x1f')
            && !fields[1].Split('/').Any(part => part is "" or "." or "..");
        return valid
            ? new VirtualMailbox(address, Path.Combine(users, fields[1]), fields[0])
            : null;
    }
}
