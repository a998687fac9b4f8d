using Kopis.Base;
using Kopis.Users.Virtual;

namespace Kopis.Host.Accounts;

/// <summary><c>kopis domain</c>: the domains of virtual users (kopis-domain(1)).</summary>
public static class DomainProgram
{
    private const string Usage = """
        usage: kopis domain add DOMAIN
               kopis domain remove DOMAIN
               kopis domain catchall DOMAIN TARGET... [--new-domain]
               kopis domain catchall DOMAIN --none
               kopis domain list

        A new domain is added to control/locals and, if there is one, control/rcpthosts. Only a
        domain without users and aliases can be removed. A catch-all forwards mail for all unknown
        addresses of the domain; for a domain that is not this host's yet it needs --new-domain, or
        a yes on a terminal. An address without @ is at control/me.

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context) => AccountCommand.Run(
        context, Usage, words => words switch
        {
            ["list"] => List(context),
            ["add", [not '-', ..] domain] => Add(context, AccountCommand.Domain(domain)),
            ["remove", [not '-', ..] domain] => Remove(context, AccountCommand.Domain(domain)),
            ["catchall", [not '-', ..] domain, "--none"] =>
                CatchNone(context, AccountCommand.Domain(domain)),
            ["catchall", .. string[] more] =>
                CatchAll(context, OwnDomains.WithoutNewDomain(more, out bool isSaid), isSaid),
            _ => null,
        });

    private static string List(ProgramContext context)
    {
        SortedDictionary<string, (int Users, int Aliases, string? CatchAll)> domains =
            new(StringComparer.Ordinal);
        foreach (string domain in OwnDomains.List(context))
        {
            domains[domain] = default;
        }

        foreach (VirtualMailbox user in new VirtualUsers(context.Home).List())
        {
            string domain = DomainOf(user.Address);
            var counts = domains.GetValueOrDefault(domain);
            domains[domain] = counts with { Users = counts.Users + 1 };
        }

        foreach ((string address, string targets) in new VirtualAliases(context.Home).List())
        {
            string domain = DomainOf(address);
            var counts = domains.GetValueOrDefault(domain);
            domains[domain] = address[0] == '@'
                ? counts with { CatchAll = targets.Replace(",", ", ") }
                : counts with { Aliases = counts.Aliases + 1 };
        }

        return string.Concat(domains.Select(domain =>
            $"{domain.Key}: users {domain.Value.Users}, aliases {domain.Value.Aliases}"
            + (domain.Value.CatchAll is { } all ? $", the rest to {all}\n" : "\n")));
    }

    private static string Add(ProgramContext context, string domain) =>
        OwnDomains.Serve(context, domain)
        ?? throw AccountCommand.Refused($"mail for {domain} is delivered here already");

    private static string Remove(ProgramContext context, string domain)
    {
        bool isUsed = new VirtualUsers(context.Home).List().Select(user => user.Address)
            .Concat(new VirtualAliases(context.Home).List().Select(alias => alias.Key))
            .Any(address => DomainOf(address) == domain);
        return isUsed
            ? throw AccountCommand.Refused($"{domain} has users, aliases or a catch-all")
            : OwnDomains.Forsake(context, domain)
                ?? throw AccountCommand.Refused($"{domain} is not in control/locals");
    }

    private static string? CatchAll(ProgramContext context, string[] words, bool isNewDomain)
    {
        if (words is not [[not '-', ..] word, [not '-', ..], ..])
        {
            return null;
        }

        string domain = AccountCommand.Domain(word);
        string[] targets = AccountCommand.Targets(context, words[1..]);
        OwnDomains.RequireMeant(context, domain, isNewDomain);
        using (VirtualAliasesFile aliases = new(context.Home))
        {
            aliases.Set("@" + domain, targets);
            aliases.Save();
        }

        return $"mail for unknown addresses at {domain} goes to {string.Join(", ", targets)}\n"
            + OwnDomains.Serve(context, domain);
    }

    private static string CatchNone(ProgramContext context, string domain)
    {
        using VirtualAliasesFile aliases = new(context.Home);
        if (!aliases.Remove("@" + domain))
        {
            throw AccountCommand.Refused($"{domain} has no catch-all");
        }

        aliases.Save();
        return $"mail for unknown addresses at {domain} is refused\n";
    }

    private static string DomainOf(string address) => new TextAddress(address).Domain.ToString();
}
