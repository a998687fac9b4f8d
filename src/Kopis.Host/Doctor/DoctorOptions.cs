using System.Net;
using Kopis.Config.Maps;
using Kopis.Tools.Queue;

namespace Kopis.Host.Doctor;

/// <summary>The command line of <c>kopis doctor</c>.</summary>
internal sealed class DoctorOptions
{
    /// <summary>Whether to print JSON.</summary>
    internal bool IsJson { get; private set; }

    /// <summary>The ids, or areas such as <c>spf</c>, to report; empty for all.</summary>
    internal IReadOnlyList<string> Only { get; private set; } = [];

    /// <summary>Public addresses of this host that none of its interfaces has.</summary>
    internal List<IPAddress> Addresses { get; } = [];

    /// <summary>The host whose port 25 is tried; empty if none is named.</summary>
    internal string Peer { get; private set; } = "";

    /// <summary>The file of the last run; empty if all findings are printed.</summary>
    internal string Changes { get; private set; } = "";

    /// <summary>Who receives the changes by mail; empty if they are printed.</summary>
    internal string Mail { get; private set; } = "";

    /// <summary>The domains to check, instead of the host's.</summary>
    internal List<string> Domains { get; } = [];

    /// <summary>Parses the words; null if they make no sense.</summary>
    internal static DoctorOptions? Parse(ReadOnlySpan<string> words)
    {
        DoctorOptions options = new();
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            string value = i + 1 < words.Length ? words[i + 1] : "";
            bool isRight = word switch
            {
                "--json" => options.IsJson = true,
                "--only" => options.TryOnly(value),
                "--address" => options.TryAddress(value),
                "--peer" => options.TryPeer(value),
                "--changes" => (options.Changes = value).StartsWith('/'),
                "--mail" => OwnMail.IsAddress(options.Mail = value),
                _ => options.TryDomain(word),
            };
            if (!isRight)
            {
                return null;
            }

            i += word is "--only" or "--address" or "--peer" or "--changes" or "--mail" ? 1 : 0;
        }

        return (options.IsJson && options.Changes.Length > 0)
            || (options.Mail.Length > 0 && options.Changes.Length == 0) ? null : options;
    }

    /// <summary>Whether a check is asked for.</summary>
    internal bool Has(DoctorCheck check) => Only.Count == 0
        || Only.Contains(check.Id) || Only.Contains(check.Id.Split('.')[0]);

    /// <summary>A domain as DNS is asked for it; null if DNS cannot contain it.</summary>
    internal static string? Domain(string word)
    {
        string name = word.TrimEnd('.').ToLowerInvariant();
        return name.Contains('.') && !name.StartsWith('.') && HostNames.IsSound(name)
            ? name : null;
    }

    private bool TryOnly(string list)
    {
        Only = list.Split(',', StringSplitOptions.RemoveEmptyEntries);
        return Only.Count > 0 && Only.All(one => DoctorCatalog.All.Any(check =>
            check.Id == one || check.Id.Split('.')[0] == one));
    }

    private bool TryAddress(string text)
    {
        bool isAddress = IPAddress.TryParse(text, out IPAddress? address);
        if (isAddress)
        {
            Addresses.Add(address!);
        }

        return isAddress;
    }

    private bool TryPeer(string text)
    {
        Peer = Domain(text) ?? "";
        return Peer.Length > 0;
    }

    private bool TryDomain(string word)
    {
        string? name = word.StartsWith('-') ? null : Domain(word);
        if (name is not null)
        {
            Domains.Add(name);
        }

        return name is not null;
    }
}
