using System.Globalization;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Host.Migration.Postfix;

/// <summary>Reads a configuration directory of Postfix, and plans it.</summary>
internal static class PostfixSite
{
    private const string Mailname = "/etc/mailname";

    // Parameters that are read here, and parameters without a meaning for another server.
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "alias_database", "alias_maps", "append_at_myorigin", "append_dot_mydomain",
        "compatibility_level", "command_directory", "config_directory", "daemon_directory",
        "data_directory", "debug_peer_level", "debugger_command", "default_database_type",
        "disable_dns_lookups", "html_directory", "inet_interfaces", "inet_protocols",
        "mail_owner", "mailq_path", "maillog_file", "maillog_file_prefixes", "manpage_directory",
        "message_size_limit", "meta_directory", "mydestination", "mydomain", "myhostname",
        "mynetworks", "myorigin", "newaliases_path", "parent_domain_matches_subdomains",
        "queue_directory", "readme_directory", "relay_domains", "relayhost", "sample_directory",
        "sendmail_path", "setgid_group", "shlib_directory", "smtp_sasl_auth_enable",
        "smtp_sasl_password_maps", "smtpd_client_restrictions", "smtpd_helo_restrictions",
        "smtpd_recipient_restrictions", "smtpd_relay_restrictions", "smtpd_sender_restrictions",
        "transport_maps", "unknown_local_recipient_reject_code", "virtual_alias_domains",
        "virtual_alias_maps", "virtual_mailbox_domains", "virtual_mailbox_maps", "biff",
        "smtp_tls_wrappermode", "smtpd_helo_required", "strict_rfc821_envelopes",
        "disable_vrfy_command", "virtual_gid_maps", "virtual_uid_maps", "virtual_minimum_uid",
        "mailbox_size_limit", "smtp_tls_session_cache_database",
        "smtpd_tls_session_cache_database", "smtp_tls_CApath", "smtp_tls_CAfile",
    };

    // What to do instead of a parameter.
    private static readonly Dictionary<string, string> Instead = new(StringComparer.Ordinal)
    {
        ["content_filter"] = "see docs/FILTERING.md",
        ["header_checks"] = "see docs/FILTERING.md",
        ["body_checks"] = "see docs/FILTERING.md",
        ["smtpd_milters"] = "control/milters: see docs/FILTERING.md",
        ["non_smtpd_milters"] = "see docs/FILTERING.md",
        ["home_mailbox"] = "each delivery is to ./Maildir/ unless a .qmail file says otherwise",
        ["mail_spool_directory"] =
            "each delivery is to ./Maildir/ unless a .qmail file says otherwise",
        ["mailbox_command"] = "a line |command in a .qmail file: dot-qmail(5)",
        ["recipient_delimiter"] = "the delimiter is -, and joe-x is joe's .qmail-x",
        ["smtpd_tls_cert_file"] = "control/servercert.pem: key and certificates in one file",
        ["smtpd_tls_key_file"] = "control/servercert.pem: key and certificates in one file",
        ["virtual_mailbox_base"] = "old mail stays there; new mail is in users/mail",
        ["relay_recipient_maps"] = "recipients of other hosts' domains are not checked",
        ["relocated_maps"] = "a line |bouncesaying in a .qmail file",
        ["mynetworks_style"] = "name the networks in mynetworks",
        ["local_recipient_maps"] = "unknown users are refused; no list is needed",
        ["smtpd_banner"] = "control/smtpgreeting",
        ["smtp_tls_security_level"] = "control/tlspolicy; a login always needs verified TLS",
        ["smtpd_tls_security_level"] = "STARTTLS is offered where there is a certificate",
        ["smtpd_sasl_auth_enable"] = "submission always asks for a login",
        ["maximal_queue_lifetime"] = "control/queuelifetime, in seconds",
        ["bounce_queue_lifetime"] = "control/queuelifetime, in seconds",
        ["smtpd_recipient_limit"] = "control/maxrcpt",
    };

    /// <summary>Reads and plans all.</summary>
    /// <exception cref="ConfigurationException">There is no main.cf, or it cannot be understood.
    /// </exception>
    internal static SitePlan Read(
        string directory, HostView host, IReadOnlyDictionary<string, Func<string>> hashes)
    {
        string path = Path.Combine(directory, "main.cf");
        List<ForeignLine> lines = ForeignText.TryRead(path, out string why)
            ?? throw new ConfigurationException($"{path}: {why}", ExitCode.Permanent);
        SitePlan plan = new();
        MainCf main;
        try
        {
            main = new MainCf(ForeignText.Joined(lines), host.Name, plan);
            string origin = OriginOf(main, plan);
            IReadOnlySet<string> served =
                new PostfixAddresses(main, plan).Plan(host, origin, hashes);
            new PostfixRoutes(main, plan, served).Plan();
            new PostfixClients(main, plan).Plan();
            PlanValues(main, plan, origin);
        }
        catch (FormatException e)
        {
            throw new ConfigurationException($"{path}: {e.Message}", e, ExitCode.Permanent);
        }

        foreach (string name in main.Names.Where(name => !Known.Contains(name)))
        {
            plan.Lose(main.LineOf(name), name, Instead.GetValueOrDefault(
                name, "this setting has no equal that is known here"));
        }

        plan.Notes.Add($"{Path.Combine(directory, "master.cf")} is not read: services of the "
            + "site's own are to be set up by hand");
        plan.Notes.Add("~/.forward files count where a .qmail file has a line "
            + "|dot-forward .forward: dot-forward(1)");
        return plan;
    }

    private static void PlanValues(MainCf main, SitePlan plan, string origin)
    {
        plan.Values[HostFiles.Me.Name] = main.Value("myhostname").ToLowerInvariant();
        plan.Values[HostFiles.DefaultHost.Name] = origin;
        plan.Values[HostFiles.DefaultDomain.Name] = main.Value("mydomain").ToLowerInvariant();
        string size = main.Value("message_size_limit");
        if (ulong.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            plan.Values[SmtpFiles.DataBytes.Name] = size;
        }
        else
        {
            plan.Lose(main.LineOf("message_size_limit"), "message_size_limit", "not a number");
        }
    }

    // A name, or a file whose first line is the name.
    private static string OriginOf(MainCf main, SitePlan plan)
    {
        string origin = main.Value("myorigin").Trim().ToLowerInvariant();
        if (!origin.StartsWith('/'))
        {
            return origin;
        }

        if (ForeignText.TryRead(origin, out string why) is [{ Text.Length: > 0 } line, ..])
        {
            return line.Text.Trim().ToLowerInvariant();
        }

        plan.Lose(main.LineOf("myorigin"), $"myorigin = {origin}",
            why.Length > 0 ? why : $"empty; see {Mailname}");
        return main.Value("myhostname").ToLowerInvariant();
    }
}
