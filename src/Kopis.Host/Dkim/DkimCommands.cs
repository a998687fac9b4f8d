using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Host.Accounts;
using Kopis.Net.Dkim;
using Kopis.Net.Dns;
using Kopis.Posix;

namespace Kopis.Host.Dkim;

/// <summary>The commands of <c>kopis dkim</c>. Each gets the words after its name, and returns the
/// text to print, or null if the words make no sense.</summary>
/// <param name="context">What the program is given.</param>
/// <param name="time">The clock.</param>
internal sealed class DkimCommands(ProgramContext context, TimeProvider time)
{
    private const int OwnerDirectory = 0x1C0; // 0700
    private static readonly string[] KeyOptions = ["--rsa-bits", "--only"];

    private readonly DateTimeOffset _now = time.GetUtcNow();

    /// <summary>The exit code of a command that was run.</summary>
    internal int Code { get; private set; } = ExitCode.Success;

    /// <summary>Makes keys for a domain that has none.</summary>
    internal string? New(string[] words)
    {
        if (DkimWords.Parse(words, ["--selector", .. KeyOptions], 1)
            is not { Domain.Length: > 0 } options)
        {
            return null;
        }

        MakeDirectory();
        using DkimKeyStore store = Open();
        bool hasKeys = store.Read(options.Domain) is not null;
        if (hasKeys && options.Selector is null)
        {
            throw AccountCommand.Refused(
                $"{options.Domain} has keys: kopis dkim rotate replaces them");
        }

        List<DkimKeyFile> made = Make(store, options, null);
        return Said(made, "Mail from it is signed from now on. Publish these records first:\n\n");
    }

    /// <summary>Prints the records of a domain, or lists the domains.</summary>
    internal string? Show(string[] words)
    {
        if (DkimWords.Parse(words, [], 1) is not { } options)
        {
            return null;
        }

        using DkimKeyStore store = Open();
        if (options.Domain.Length == 0)
        {
            return string.Concat(store.Domains().Select(domain => $"{domain}\n"));
        }

        StringBuilder text = new();
        DkimDomainKeys keys = Required(store, options.Domain);
        foreach (DkimKeyFile key in keys.Keys)
        {
            text.Append($"; {DkimRotation.Describe(key, _now)}\n")
                .Append(ZoneText.Record(key.RecordName, key.Record));
        }

        AccountCommand.Warn(keys.Faults);
        Code = keys.Faults.Count > 0 ? ExitCode.Permanent : ExitCode.Success;
        return text.ToString();
    }

    /// <summary>Compares the keys with DNS, for one domain or for all.</summary>
    internal string? Check(string[] words)
    {
        if (DkimWords.Parse(words, [], 1) is not { } options)
        {
            return null;
        }

        using DkimKeyStore store = Open();
        StringBuilder text = new();
        DkimPublicationCheck dns = NewCheck();
        foreach (string domain in options.Domain.Length > 0 ? [options.Domain] : store.Domains())
        {
            DkimDomainKeys keys = Required(store, domain);
            AccountCommand.Warn(keys.Faults);
            Worsen(keys.Faults.Count > 0 ? ExitCode.Permanent : ExitCode.Success);
            foreach (DkimKeyFile key in keys.Keys.Where(key => !DkimRotation.IsSpent(key, _now)))
            {
                text.Append($"{key.RecordName}: {Ask(dns, key)}; ")
                    .Append($"{DkimRotation.Describe(key, _now)}\n");
            }
        }

        return text.ToString();
    }

    /// <summary>Makes the next keys of a domain, or puts them in use.</summary>
    internal string? Rotate(string[] words)
    {
        if (DkimWords.Parse(words, ["--finish"], 1) is { Domain.Length: > 0, Finish: true } end)
        {
            return Finish(end.Domain);
        }

        if (DkimWords.Parse(words, ["--days", .. KeyOptions], 1)
            is not { Domain.Length: > 0 } options)
        {
            return null;
        }

        using DkimKeyStore store = Open();
        DkimDomainKeys old = Required(store, options.Domain);
        if (DkimRotation.IsUnderWay(old, _now))
        {
            throw AccountCommand.Refused(
                $"{options.Domain} has keys that do not sign yet: kopis dkim show");
        }

        // The new keys come first: if this is interrupted there is a key too many, not one too few.
        DateTimeOffset from = _now.AddDays(options.Days);
        List<DkimKeyFile> made = Make(store, options, from);
        foreach (DkimKeyFile key in old.Keys.Where(key => key.Until is null))
        {
            store.Write(key with { Until = from + DkimRotation.Together });
        }

        return Said(made, "Publish these records before the new keys sign; "
            + "kopis dkim check compares.\n\n");
    }

    /// <summary>Removes a key.</summary>
    internal string? Remove(string[] words)
    {
        if (DkimWords.Parse(words, [], 2) is not { Domain.Length: > 0, Selector: { } name } options)
        {
            return null;
        }

        using DkimKeyStore store = Open();
        if (!store.Remove(options.Domain, name))
        {
            throw AccountCommand.Refused($"{options.Domain} has no key {name}");
        }

        bool signs = store.Read(options.Domain)?.At(_now).Count > 0;
        return $"removed {name} of {options.Domain}\n"
            + (signs ? "" : $"no key of {options.Domain} signs now\n");
    }

    /// <summary>If DNS has the new keys' records, they sign from now on, and the old keys end.
    /// </summary>
    private string Finish(string domain)
    {
        using DkimKeyStore store = Open();
        DkimDomainKeys keys = Required(store, domain);
        DkimKeyFile[] fresh =
            [.. keys.Keys.Where(key => key is { Until: null, From: not null })];
        if (fresh.Length == 0)
        {
            throw AccountCommand.Refused($"{domain} has no new keys: kopis dkim rotate");
        }

        DkimPublicationCheck dns = NewCheck();
        StringBuilder text = new();
        foreach (DkimKeyFile key in fresh)
        {
            text.Append($"{key.RecordName}: {Ask(dns, key)}\n");
        }

        if (Code != ExitCode.Success)
        {
            return text.Append("nothing is changed\n").ToString();
        }

        foreach (DkimKeyFile key in fresh.Where(key => key.From > _now))
        {
            store.Write(key with { From = _now });
        }

        foreach (DkimKeyFile key in keys.Keys.Where(key => key.Until > _now))
        {
            store.Write(key with { Until = _now });
        }

        foreach (DkimKeyFile key in Required(store, domain).Keys)
        {
            text.Append($"{DkimRotation.Describe(key, _now)}\n");
        }

        return text.ToString();
    }

    private List<DkimKeyFile> Make(
        DkimKeyStore store, DkimWords options, DateTimeOffset? from)
    {
        string domain = options.Domain;
        string name = options.Selector ?? DkimRotation.NewSelector(_now, taken =>
            store.Has(domain, $"{taken}-rsa") || store.Has(domain, $"{taken}-ed25519"));
        bool isWhole = options.Selector is not null && options.HasRsa != options.HasEd25519;
        string rsa = isWhole ? name : $"{name}-rsa";
        string ed25519 = isWhole ? name : $"{name}-ed25519";
        List<DkimKeyFile> made = [];
        if (options.HasRsa && IsFree(store, domain, rsa))
        {
            made.Add(DkimKeyFile.NewRsa(domain, rsa, options.RsaBits) with { From = from });
        }

        if (options.HasEd25519 && IsFree(store, domain, ed25519))
        {
            made.Add(DkimKeyFile.NewEd25519(domain, ed25519) with { From = from });
        }

        made.ForEach(store.Write);
        return made;
    }

    private static bool IsFree(DkimKeyStore store, string domain, string selector) =>
        !DkimNames.IsSelector(selector)
            ? throw AccountCommand.Refused($"{selector} is too long for a selector")
        : store.Has(domain, selector)
            ? throw AccountCommand.Refused($"{domain} has a key {selector}")
        : true;

    private string Said(List<DkimKeyFile> made, string text) =>
        string.Concat(made.Select(key =>
            $"made {key.Domain}/{DkimRotation.Describe(key, _now)}\n"))
        + text
        + string.Concat(made.Select(key => ZoneText.Record(key.RecordName, key.Record)));

    private string Ask(DkimPublicationCheck dns, DkimKeyFile key)
    {
        DkimPublication found = dns.RunAsync(key, CancellationToken.None).GetAwaiter().GetResult();
        Worsen(found switch
        {
            DkimPublication.Published => ExitCode.Success,
            DkimPublication.Unknown => ExitCode.Temporary,
            _ => ExitCode.Permanent,
        });
        return found switch
        {
            DkimPublication.Published => "published",
            DkimPublication.Missing => "missing in DNS",
            DkimPublication.Different => "different in DNS",
            _ => "DNS does not answer",
        };
    }

    /// <summary>A missing record is reported in preference to a failure of DNS.</summary>
    private void Worsen(int code) =>
        Code = Code == ExitCode.Permanent || code == ExitCode.Success ? Code : code;

    private DkimPublicationCheck NewCheck()
    {
        MailDns dns = MailDns.Read(ControlDirectory.Of(context));
        AccountCommand.Warn(dns.Faults);
        return new DkimPublicationCheck(dns);
    }

    private static DkimDomainKeys Required(DkimKeyStore store, string domain) =>
        store.Read(domain) ?? throw AccountCommand.Refused($"{domain} has no keys");

    private DkimKeyStore Open()
    {
        try
        {
            return new DkimKeyStore(context.In("dkim"));
        }
        catch (PosixException e) when (e.Number == Errno.NoEntry)
        {
            throw AccountCommand.Refused("there are no keys: kopis dkim new makes some");
        }
    }

    /// <summary>A single-user home may be older than the keys. On an installed host the directory
    /// has another owner, and <c>kopis check-install</c> makes it.</summary>
    private void MakeDirectory()
    {
        if (Processes.EffectiveUid == 0
            && Fd.TryStatus(Fd.PathBytes(context.In("queue")), out _) is { Uid: not 0 }
            && Fd.TryStatus(Fd.PathBytes(context.In("dkim")), out _, followLinks: false) is null)
        {
            throw AccountCommand.Refused(
                $"there is no {context.In("dkim")}: kopis check-install --mend makes it");
        }

        Paths.TryMakeDirectory(context.In("dkim"), OwnerDirectory);
    }
}
