namespace Kopis.Config.Catalog;

/// <summary>All files of <c>auth</c>, <c>control</c> and <c>users</c>. Each has one row, in the
/// class of its subject; code that reads the file names the row.</summary>
public static class ControlCatalog
{
    private const int SlipsMax = 2; // Wrong letters in a name that a suggestion allows.

    /// <summary>The rows, sorted by directory and name.</summary>
    public static IReadOnlyList<ControlFile> All { get; } =
    [
        .. ((ControlFile[])
        [
            HostFiles.Me, HostFiles.Locals, HostFiles.VirtualDomains, HostFiles.EnvNoAtHost,
            HostFiles.PercentHack, HostFiles.DefaultHost, HostFiles.DefaultDomain,
            HostFiles.PlusDomain, HostFiles.IdHost, HostFiles.QmqpServers, HostFiles.Resolvers,

            SendFiles.BounceFrom, SendFiles.BounceHost, SendFiles.BounceMaxBytes,
            SendFiles.ConcurrencyLocal, SendFiles.ConcurrencyMailbox, SendFiles.ConcurrencyRemote,
            SendFiles.ConcurrencyShared,
            SendFiles.DelayNotify, SendFiles.DoubleBounceHost, SendFiles.DoubleBounceTo,
            SendFiles.QueueLifetime, SendFiles.QueueMemory, SendFiles.RetrySchedule,

            QueueFiles.ConcurrencyIntake, QueueFiles.LocalRecipients, QueueFiles.QueueShare,
            QueueFiles.TimeoutIntake,

            RemoteFiles.HeloHost, RemoteFiles.SmtpRoutes, RemoteFiles.LmtpRoutes,
            RemoteFiles.TimeoutConnect, RemoteFiles.TimeoutRemote, RemoteFiles.TimeoutIdle,
            RemoteFiles.HeloHosts, RemoteFiles.SourceAddresses, RemoteFiles.BindRoutes,
            RemoteFiles.OutgoingIp, RemoteFiles.MoreIpMe, RemoteFiles.NotIpMe,
            RemoteFiles.Mxps,
            RemoteFiles.Destinations, RemoteFiles.Replies, RemoteFiles.TlsPolicy,
            RemoteFiles.TlsReports,
            RemoteFiles.ClientCert, RemoteFiles.ServerCa, RemoteFiles.OpenAuthSenders,
            AuthFiles.SmtpRoutes, AuthFiles.AuthSenders,

            SrsFiles.Domain, SrsFiles.MaxAge,

            SmtpFiles.SmtpGreeting, SmtpFiles.LocalIpHost, SmtpFiles.DataBytes,
            SmtpFiles.TimeoutSmtpd, SmtpFiles.BadMailFrom, SmtpFiles.BadMailTo,
            SmtpFiles.BadHelo, SmtpFiles.SmtpPlugins, SmtpFiles.TimeoutPlugin, SmtpFiles.Greylist,
            SmtpFiles.RcptHosts,
            SmtpFiles.MoreRcptHosts, SmtpFiles.MoreRcptHostsCdb, SmtpFiles.OpenRelay,
            SmtpFiles.MaxRcpt, SmtpFiles.MaxRcptRelay, SmtpFiles.SmtpExtensions,
            SmtpFiles.XClients, SmtpFiles.NoRcptCheck, SmtpFiles.CatchAllFirst,
            SmtpFiles.AliasesFirst,

            CheckFiles.Helo, CheckFiles.HeloSelf, CheckFiles.Spf, CheckFiles.Dkim, CheckFiles.Dmarc,
            CheckFiles.ReverseName, CheckFiles.Exempt, CheckFiles.Loopback, CheckFiles.AuthServId,
            CheckFiles.Reports,

            FilterFiles.Milters,

            JournalFiles.Bytes, JournalFiles.Days, JournalFiles.Subjects,

            WebFiles.Listen, WebFiles.Names,

            OtlpFiles.Endpoint, OtlpFiles.Interval,

            ClientFiles.ClientLimits, ClientFiles.ClientName, ClientFiles.DnsLists,
            ClientFiles.DnsListReject, ClientFiles.DnsListDefer, ClientFiles.DnsListTag,
            ClientFiles.DnsListTimeout, ClientFiles.GreetDelay, ClientFiles.TarpitCount,
            ClientFiles.TarpitDelay, ClientFiles.SubmissionRate,
            ClientFiles.SubmissionRecipients, ClientFiles.Senders, ClientFiles.TlsClients,
            ClientFiles.ClientCa,

            LoginFiles.AuthLoopback, LoginFiles.HideSubmitter, LoginFiles.DovecotAuth,
            LoginFiles.LoginTries,
            LoginFiles.LoginNetworkTries, LoginFiles.LoginAccountTries, LoginFiles.LoginWindow,
            LoginFiles.OAuthIssuer, LoginFiles.OAuthAudience, LoginFiles.OAuthKeys,
            LoginFiles.OAuthClaim, LoginFiles.SaslMechanisms, LoginFiles.Pop3ClearText,
            LoginFiles.ConcurrencyPop3, LoginFiles.UnknownRcpt,

            ListenerFiles.MaxPerAddress, ListenerFiles.MaxPerNetwork, ListenerFiles.ProxyClients,
            ListenerFiles.ConcurrencyIncoming, ListenerFiles.TcpRulesDat,
            ListenerFiles.TcpRulesText, ListenerFiles.ServerCert, ListenerFiles.ServerCerts,
            ListenerFiles.Acme, ListenerFiles.AcmeCa,

            AccountFiles.Assign, AccountFiles.Compiled, AccountFiles.Include,
            AccountFiles.Exclude, AccountFiles.MailNames, AccountFiles.SubUsers,
            AccountFiles.Append, AccountFiles.Virtual, AccountFiles.VirtualCdb,
            AccountFiles.Aliases, AccountFiles.AliasesCdb, AccountFiles.Apop,
            AccountFiles.DovecotPasswd, AccountFiles.Mail,
            AccountFiles.Lookup, AccountFiles.Passwd, AccountFiles.Readers,
        ]).OrderBy(file => file.ToString(), StringComparer.Ordinal),
    ];

    /// <summary>The files of <c>control</c>.</summary>
    public static IEnumerable<ControlFile> Controls =>
        All.Where(file => file.Folder == "control");

    /// <summary>The row of a file, given its directory and name, or its name alone. A name alone is
    /// looked up in <c>control</c> first. Null if there is none.</summary>
    public static ControlFile? Find(string name) =>
        All.FirstOrDefault(file => file.ToString() == name)
            ?? Controls.FirstOrDefault(file => file.Name == name)
            ?? All.FirstOrDefault(file => file.Name == name);

    /// <summary>The file of <c>control</c> with the most similar name; null if none is similar.
    /// </summary>
    public static ControlFile? Nearest(string name)
    {
        (ControlFile File, int Slips) best = Controls
            .Select(file => (file, Math.Min(
                Slips(file.Name, Bare(name)), Slips(file.Name, name.ToLowerInvariant()))))
            .MinBy(pair => pair.Item2);
        return best.Slips <= Math.Min(SlipsMax, best.File.Name.Length / 2) ? best.File : null;
    }

    // Removes endings that editors, and people who keep an old copy, add to a file's name.
    private static string Bare(string name)
    {
        foreach (string end in (string[])["~", ".bak", ".old", ".orig", ".new", ".txt", ".swp"])
        {
            if (name.EndsWith(end, StringComparison.OrdinalIgnoreCase))
            {
                name = name[..^end.Length];
            }
        }

        return name.TrimStart('.').ToLowerInvariant();
    }

    /// <summary>The number of letters to change, add or leave out (Levenshtein distance).</summary>
    private static int Slips(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int before = row[0]++;
            for (int j = 1; j <= other.Length; j++)
            {
                int change = before + (one[i - 1] == other[j - 1] ? 0 : 1);
                before = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
