using Kopis.Base;
using Kopis.Users.Logins;

namespace Kopis.Host.Migration;

/// <summary>
/// Passwords in a file of Dovecot's, <c>user:{SCHEME}hash:…</c>. SCRAM-SHA-256 is our own kind;
/// what is in the clear is hashed anew; crypt(3)'s kinds cannot be checked (docs/decisions).
/// </summary>
internal static class ForeignPasswords
{
    /// <summary>What makes hashes that Kopis can check, by address in lower case.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    internal static Dictionary<string, Func<string>> Read(string path, SitePlan plan)
    {
        Dictionary<string, Func<string>> hashes = new(StringComparer.Ordinal);
        foreach (ForeignLine line in ForeignText.TryRead(path, out string why)
            ?? throw new ConfigurationException($"{path}: {why}", ExitCode.Permanent))
        {
            if (line.Text.Length == 0 || line.Text[0] == '#')
            {
                continue;
            }

            string[] fields = line.Text.Split(':');
            string user = fields[0].ToLowerInvariant();
            if (fields.Length < 2)
            {
                plan.Lose(line, "this line", "not user:{SCHEME}hash");
            }
            else if (HashOf(fields[1], out string scheme) is { } hash)
            {
                hashes.TryAdd(user, hash);
            }
            else
            {
                plan.Lose(line, user, $"a password of kind {scheme} cannot be checked here");
            }
        }

        return hashes;
    }

    /// <summary>What makes a hash of ours for one of Dovecot's; null for a kind that is not
    /// ours.</summary>
    internal static Func<string>? HashOf(string text, out string scheme)
    {
        int end = text.StartsWith('{') ? text.IndexOf('}') : -1;
        scheme = end < 0 ? "CRYPT" : text[1..end].ToUpperInvariant();
        string hash = text[(end + 1)..];
        switch (scheme)
        {
            // iterations,salt,StoredKey,ServerKey.
            case "SCRAM-SHA-256" when hash.Split(',') is [var count, var salt, var stored,
                var server]:
                string ours = $"scram-sha-256${count}${salt}${stored}${server}";
                return PasswordHash.IsValid(ours) ? () => ours : null;
            case "PLAIN" or "CLEAR" or "CLEARTEXT" when hash.Length > 0:
                return () => PasswordHash.Create(ByteText.ToBytes(hash));
            default:
                return null;
        }
    }
}
