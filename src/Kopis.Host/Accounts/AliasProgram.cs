using Kopis.Base;
using Kopis.Users.Virtual;

namespace Kopis.Host.Accounts;

/// <summary><c>kopis alias</c>: addresses whose mail goes to other addresses (kopis-alias(1)).
/// </summary>
public static class AliasProgram
{
    private const string Usage = """
        usage: kopis alias add ADDRESS TARGET... [--new-domain]
               kopis alias remove ADDRESS
               kopis alias list

        Mail for ADDRESS is forwarded to each TARGET, on this host or another. Adding an alias
        that exists replaces its targets. An address without @ is at control/me. A domain that is
        not this host's yet needs --new-domain, or a yes on a terminal. For all unknown addresses
        of a domain see kopis domain catchall.

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context) => AccountCommand.Run(
        context, Usage, words => words switch
        {
            ["list"] => List(context),
            ["add", .. string[] more] =>
                Add(context, OwnDomains.WithoutNewDomain(more, out bool isSaid), isSaid),
            ["remove", [not '-', ..] address] => Remove(context, address),
            _ => null,
        });

    private static string List(ProgramContext context) => string.Concat(
        new VirtualAliases(context.Home).List()
            .Where(alias => alias.Key[0] != '@')
            .Select(alias => $"{alias.Key}: {alias.Value.Replace(",", ", ")}\n"));

    private static string? Add(ProgramContext context, string[] words, bool isNewDomain)
    {
        if (words is not [[not '-', ..] word, [not '-', ..], ..])
        {
            return null;
        }

        string address = AccountCommand.Address(context, word);
        string[] targets = AccountCommand.Targets(context, words[1..]);
        if (new VirtualUsers(context.Home).Find(ByteText.ToBytes(address)) is not null)
        {
            throw AccountCommand.Refused(
                $"{address} is a user: to forward its mail, use a .qmail file in its home");
        }

        string domain = new TextAddress(address).Domain.ToString();
        OwnDomains.RequireMeant(context, domain, isNewDomain);
        bool isNew;
        using (VirtualAliasesFile aliases = new(context.Home))
        {
            isNew = !aliases.Has(address);
            aliases.Set(address, targets);
            aliases.Save();
        }

        return (isNew ? $"added {address}" : $"changed {address}")
            + $": {string.Join(", ", targets)}\n"
            + OwnDomains.Serve(context, domain);
    }

    private static string Remove(ProgramContext context, string word)
    {
        string address = AccountCommand.Address(context, word);
        using VirtualAliasesFile aliases = new(context.Home);
        if (!aliases.Remove(address))
        {
            throw AccountCommand.Refused($"there is no alias {address}");
        }

        aliases.Save();
        return $"removed {address}\n";
    }
}
