namespace Kopis.Fuzz;

/// <summary>Every parser that reads foreign bytes. A new one gets a row and a corpus.</summary>
public static class TargetTable
{
    /// <summary>The name of the target whose bug has to be found.</summary>
    public const string Planted = "planted";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("smtp-session", ["Kopis.Mail.SmtpSession", "Kopis.Mail.SmtpCommand",
            "Kopis.Mail.SmtpPath", "Kopis.Mail.SmtpParameters", "Kopis.Mail.SmtpTransaction"],
            SmtpTargets.Session),
        new("smtp-path", ["Kopis.Mail.SmtpPath", "Kopis.Mail.SmtpParameters",
            "Kopis.Mail.AddressQuote"], SmtpTargets.Path),
        new("smtp-parameters", ["Kopis.Mail.MessageParameters", "Kopis.Mail.RecipientParameters",
            "Kopis.Mail.XText", "Kopis.Mail.ParameterText"], SmtpTargets.Parameters),
        new("smtp-data", ["Kopis.Mail.SmtpDataDecoder"], SmtpTargets.Data),
        new("smtp-chunks", ["Kopis.Mail.SmtpChunkDecoder", "Kopis.Mail.SmtpChunk"],
            SmtpTargets.Chunks),
        new("xclient", ["Kopis.Mail.XClientAttributes"], SmtpTargets.XClient),
        new("proxy", ["Kopis.Net.ProxyHeader"], ProxyTargets.Header),
        new("smtp-body", ["Kopis.Mail.SmtpBodyEncoder"], SmtpTargets.Body),
        new("smtp-reply", ["Kopis.Mail.ReplyReader", "Kopis.Mail.ServerOffers"],
            SmtpTargets.Reply),
        new("address-list", ["Kopis.Mail.AddressList", "Kopis.Mail.AddressToken"],
            AddressTargets.List),
        new("address-quote", ["Kopis.Mail.AddressQuote"], AddressTargets.Quote),
        new("inject-header", ["Kopis.Receive.InjectHeader"], AddressTargets.Header),
        new("lines", ["Kopis.Mail.ReceivedLine", "Kopis.Mail.BounceText", "Kopis.Base.LogText",
            "Kopis.Local.TraceLines"], AddressTargets.Text),
        new("hops", ["Kopis.Mail.HopCounter", "Kopis.Local.LoopScan"], AddressTargets.Hops),
        new("control-files", ["Kopis.Control.ControlDirectory", "Kopis.Control.ConstMap",
            "Kopis.Control.AddressMap", "Kopis.Control.RcptHosts", "Kopis.Control.SmtpRoutes",
            "Kopis.Control.BadMailFrom"], ControlTargets.Files),
        new("tcprules", ["Kopis.Control.TcpRule"], ControlTargets.TcpRules),
        new("cdb", ["Kopis.Base.Cdb"], ControlTargets.ConstantDatabase),
        new("assign", ["Kopis.Local.AssignCompiler", "Kopis.Users.UsersCdb"],
            ControlTargets.Assign),
        new("virtual-users", ["Kopis.Users.VirtualUsers", "Kopis.Users.VirtualAddress",
            "Kopis.Users.PasswordHash"], ControlTargets.VirtualUserList),
        new("aliases", ["Kopis.Users.VirtualAliases", "Kopis.Users.TableFormat"],
            ControlTargets.Aliases),
        new("maildirsize", ["Kopis.Users.MaildirSize"], ControlTargets.Maildirsize),
        new("dot-qmail", ["Kopis.Local.Instruction", "Kopis.Users.DotQmailNames"],
            ControlTargets.DotQmail),
        new("netstring", ["Kopis.Base.Netstring"], ChannelTargets.OneNetstring),
        new("envelope", ["Kopis.Queue.Envelope"], ChannelTargets.EnvelopeBytes),
        new("intake", ["Kopis.Queue.IntakeSession", "Kopis.Queue.Submission"],
            StoreTargets.Frames),
        new("orders", ["Kopis.Queue.DeliveryCommandReader", "Kopis.Local.CommandCheck"],
            ChannelTargets.Orders),
        new("reports", ["Kopis.Queue.DeliveryReportReader"], ChannelTargets.Reports),
        new("remote-output", ["Kopis.Remote.ForeignRemote", "Kopis.Remote.RemoteReport"],
            ChannelTargets.RemoteOutput),
        new("local-orders", ["Kopis.Local.FrameReader", "Kopis.Local.LocalChannel"],
            ChannelTargets.LocalOrders),
        new("local-answers", ["Kopis.Local.FrameReader", "Kopis.Local.LocalChannel"],
            ChannelTargets.LocalAnswers),
        new("getpw", ["Kopis.Users.RecipientUser"], ChannelTargets.Getpw),
        new("clean", ["Kopis.Send.CleanServer", "Kopis.Queue.MessStore"],
            ChannelTargets.Clean),
        new("segment", ["Kopis.Queue.MessageScanner", "Kopis.Queue.RecordHeader",
            "Kopis.Queue.MessageFile"], StoreTargets.Segment),
        new("state", ["Kopis.Queue.StateReader", "Kopis.Queue.StateRecord"],
            StoreTargets.State),
        new("timeouts", ["Kopis.Queue.TimeoutTable"], StoreTargets.Timeouts),
        new("environment", ["Kopis.Base.ByteEnvironment"], StoreTargets.EnvironmentBlock),
        new("pop3-login", ["Kopis.Mail.Pop3Login", "Kopis.Mail.Pop3Command"],
            Pop3Targets.Login),
        new("pop3-session", ["Kopis.Mail.Pop3Session", "Kopis.Mail.Pop3Command"],
            Pop3Targets.Session),
        new("pop3-message", ["Kopis.Mail.Pop3MessageEncoder"], Pop3Targets.Message),
        new("dns-answer", ["Kopis.Net.MailDns", "DnsClient.DnsMessageHandler",
            "DnsClient.DnsRecordFactory", "DnsClient.DnsDatagramReader"], DnsTargets.Answer),
        new(Planted, ["Kopis.Fuzz.Planted"], Fuzz.Planted.Read),
    ];

    /// <summary>The target of a name.</summary>
    public static FuzzTarget Find(string name) =>
        All.FirstOrDefault(target => target.Name == name)
            ?? throw new ArgumentException($"no target {name}");
}
