using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Users.Virtual;

namespace Kopis.Users.Recipients;

/// <summary>
/// <c>control/aliasesfirst</c>: names that fastforward's database has come to alias before the
/// users of the host do, as with sendmail. Its line is the database, by default
/// <c>/etc/aliases.cdb</c>. May be used from many threads.
/// </summary>
/// <param name="home">The qmail home.</param>
public sealed class AliasesFirst(string home)
{
    private const string UsualDatabase = "/etc/aliases.cdb";

    private readonly ControlDirectory _control = new(Path.Combine(home, "control"));

    /// <summary>Whether a name is an alias that comes first: one for all hosts, of which the name
    /// itself is no target. Its mail would come back without end.</summary>
    /// <exception cref="ConfigurationException">It cannot be determined.</exception>
    public bool Has(byte[] local)
    {
        if (_control.ReadLine(SmtpFiles.AliasesFirst) is not { } line)
        {
            return false;
        }

        string path = line.Length == 0 ? UsualDatabase
            : System.Text.Encoding.UTF8.GetString(line);
        using CdbFile? table = CdbFile.TryOpen(path);
        try
        {
            return table is not null
                ? table.Find([(byte)':', .. Ascii8.ToLower(local), (byte)'@']) is { } commands
                    && !Names(commands, local)
                : File.Exists(path)
                    ? throw new ConfigurationException($"{path}: not a database of aliases")
                    : false;
        }
        catch (InvalidDataException e)
        {
            throw new ConfigurationException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Whether one of the commands forwards to the name, at whatever host.</summary>
    private static bool Names(ReadOnlySpan<byte> commands, byte[] local)
    {
        byte[] itself = [(byte)'&', .. local, (byte)'@'];
        foreach (Range range in commands.Split((byte)0))
        {
            if (Ascii8.StartsWithIgnoreCase(commands[range], itself))
            {
                return true;
            }
        }

        return false;
    }
}
