using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Users.Virtual;

namespace Kopis.Users.Recipients;

/// <summary><c>control/aliasesfirst</c>: names in fastforward's database go to alias before users
/// of the host get them, as in sendmail. The file's line names the database, by default
/// <c>/etc/aliases.cdb</c>. May be used from many threads.</summary>
/// <param name="home">The qmail home.</param>
public sealed class AliasesFirst(string home)
{
    private const string UsualDatabase = "/etc/aliases.cdb";

    private readonly ControlDirectory _control = new(Path.Combine(home, "control"));

    /// <summary>Whether an alias comes before the user of that name. It must apply to all hosts,
    /// and the name itself must not be a target, or its mail would loop.</summary>
    /// <exception cref="ConfigurationException">This cannot be determined at present.</exception>
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

    /// <summary>Whether one of the commands forwards to the name, at any host.</summary>
    private static bool Names(ReadOnlySpan<byte> commands, byte[] local)
    {
        foreach (Range range in commands.Split((byte)0))
        {
            if (commands[range] is [(byte)'&', .. var target] && IsAt(target, local))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsAt(ReadOnlySpan<byte> address, byte[] local)
    {
        Address parts = new(address);
        return parts.HasAt && Ascii8.EqualsIgnoreCase(parts.Local, local);
    }
}
