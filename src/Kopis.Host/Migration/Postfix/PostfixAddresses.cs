namespace Kopis.Host.Migration.Postfix;

/// <summary>Reads Postfix's domains, virtual tables and aliases for a plan.</summary>
internal sealed class PostfixAddresses(MainCf main, SitePlan plan)
{
    private readonly PostfixTables _tables = new(plan);

    /// <summary>Plans all addresses.</summary>
    /// <param name="host">The users of the host.</param>
    /// <param name="origin">The domain that is added to an address without @.</param>
    /// <param name="hashes">Password hashes by address.</param>
    /// <returns>The domains whose addresses belong to this host.</returns>
    internal IReadOnlySet<string> Plan(
        HostView host, string origin, IReadOnlyDictionary<string, Func<string>> hashes)
    {
        AddressPlanner planner = new(
            plan, host, origin, Domains("mydestination"), Domains("virtual_mailbox_domains"),
            Domains("virtual_alias_domains"),
            [main.LineOf("virtual_mailbox_domains"), main.LineOf("virtual_alias_domains")]);
        planner.AddVirtual(_tables.Read(main, "virtual_alias_maps"));
        planner.AddVirtual(_tables.Read(main, "virtual_maps"));
        foreach (AliasEntry entry in Aliases())
        {
            planner.AddAlias(entry);
        }

        planner.Plan(_tables.Read(main, "virtual_mailbox_maps"), hashes);
        return planner.Served;
    }

    /// <summary>The domains of a list: tables have them as keys, and /files as lines.</summary>
    private IEnumerable<string> Domains(string parameter)
    {
        ForeignLine at = main.LineOf(parameter);
        foreach (string word in main.Words(parameter))
        {
            string domain = word.ToLowerInvariant();
            if (word.StartsWith('/'))
            {
                foreach (ForeignLine line in _tables.Lines(at, parameter, "texthash", word) ?? [])
                {
                    yield return line.Text.Split(' ', '\t')[0].ToLowerInvariant();
                }
            }
            else if (word.Contains(':'))
            {
                foreach (TableEntry entry in _tables.ReadOne(at, parameter, word)
                    .Where(entry => !entry.Key.Contains('@') && entry.Key.Contains('.')))
                {
                    yield return entry.Key;
                }
            }
            else if (domain[0] is '!' or '[' || domain.Contains('*'))
            {
                plan.Lose(at, $"{parameter}: {word}", "only names of domains are carried");
            }
            else
            {
                yield return domain;
            }
        }
    }

    private IEnumerable<AliasEntry> Aliases()
    {
        ForeignLine at = main.LineOf("alias_maps");
        foreach (string word in main.Words("alias_maps"))
        {
            int colon = word.IndexOf(':');
            if (colon < 0 || word.StartsWith("nis:", StringComparison.Ordinal))
            {
                plan.Lose(at, $"alias_maps: {word}", "it is not read");
            }
            else if (word[..colon] is "texthash" or "inline")
            {
                // These are not in the form of aliases(5), see alias_maps in postconf(5).
                foreach (TableEntry entry in _tables.ReadOne(at, "alias_maps", word))
                {
                    yield return new AliasEntry(
                        entry.Key, AliasText.Split(entry.Value) ?? [], entry.Line);
                }
            }
            else if (_tables.Lines(at, "alias_maps", word[..colon], word[(colon + 1)..])
                is { } lines)
            {
                foreach (AliasEntry entry in AliasText.Parse(lines, plan))
                {
                    yield return entry;
                }
            }
        }
    }
}
