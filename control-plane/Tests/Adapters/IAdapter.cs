namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>One of the two ways into the application layer.</summary>
internal interface IAdapter
{
    Task<Outcome> CreateAsync(Settings settings, byte[] zip);

    Task<Outcome> UpdateCodeAsync(string name, byte[] zip);

    /// <param name="change">Only what is not null is changed; the name says which function.</param>
    Task<Outcome> UpdateConfigurationAsync(Settings change, string? revision = null);

    Task<Outcome> GetAsync(string name, string? qualifier = null);

    Task<Outcome> ListAsync(int? maxItems = null, string? marker = null);

    Task<Outcome> DeleteAsync(string name, string? qualifier = null);
}
